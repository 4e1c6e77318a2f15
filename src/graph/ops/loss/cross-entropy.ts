/** @file Cross-entropy of logits against class ids. */
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import type { Tensor } from '../../types';
import { mul, sub } from '../elementwise/binary';
import { takeAlong } from '../lookup/along';
import { oneHot } from '../lookup/place';
import { reshape } from '../shape/reshape';
import { logSumExp, softmax } from '../reduce/softmax';

const crossEntropyOperator = defineOperator<Record<string, never>>({
  name: 'crossEntropy',
  infer(inputs) {
    const [logits, targets] = inputs as [Tensor, Tensor];
    const fits =
      logits.shape.length === 2 && targets.shape.length === 1 && logits.shape[0] === targets.shape[0];
    const types = logits.dtype === 'float32' && targets.dtype === 'int32';
    check(fits && types, 'crossEntropy', 'needs float32 logits (M, V) and int32 targets (M)', inputs);
    return [{ dtype: 'float32', shape: targets.shape }];
  },
  evaluate([logits, targets]) {
    const v = logits!.shape[1]!;
    const data = targets!.data.map((target, row) => {
      const own = logits!.data.subarray(row * v, (row + 1) * v);
      const top = own.reduce((a, b) => Math.max(a, b), -Infinity);
      return top + Math.log(own.reduce((total, x) => total + Math.exp(x - top), 0)) - own[target]!;
    });
    return [{ shape: targets!.shape, data }];
  },
  gradient({ inputs: [logits, targets] }, [dy]) {
    if (!dy) return [];
    const excess = sub(softmax(logits!, 1), oneHot(targets!, logits!.shape[1]!));
    return [mul(excess, reshape(dy, [-1, 1]))];
  },
  expand([logits, targets]) {
    const picked = takeAlong(logits!, reshape(targets!, [-1, 1]), 1);
    return { outputs: [sub(logSumExp(logits!, 1), reshape(picked, targets!.shape))] };
  },
});

/** -log softmax(logits)[target] per row, in nats: logits (M, V), targets (M) int32 → (M). */
export const crossEntropy = (logits: Tensor, targets: Tensor): Tensor =>
  apply1(crossEntropyOperator, [logits, targets], {});
