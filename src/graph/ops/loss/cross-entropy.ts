/** @file Cross-entropy of logits against class ids. */
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import type { Tensor, Value } from '../../types';
import { add, mul, sub } from '../elementwise/binary';
import { equal } from '../elementwise/compare';
import { where } from '../elementwise/select';
import { exp, log } from '../elementwise/unary';
import { takeAlong } from '../lookup/along';
import { oneHot } from '../lookup/place';
import { max, sum } from '../reduce/reduce';
import { softmax } from '../reduce/softmax';
import { reshape } from '../shape/reshape';

export interface CrossEntropyAttributes {
  readonly smoothing: number;
  readonly ignored?: number;
}

const ignoring = (targets: Tensor, ignored: number | undefined, x: Tensor): Tensor =>
  ignored === undefined ? x : where(equal(targets, ignored), 0, x);

export function evaluateEntropy(
  logits: Value,
  targets: Value,
  { smoothing, ignored }: CrossEntropyAttributes,
): Value {
  const v = logits.shape[1]!;
  const data = targets.data.map((target, row) => {
    if (target === ignored) return 0;
    const own = logits.data.subarray(row * v, (row + 1) * v);
    const top = own.reduce((a, b) => Math.max(a, b), -Infinity);
    const whole = top + Math.log(own.reduce((total, x) => total + Math.exp(x - top), 0));
    const average = own.reduce((total, x) => total + x, 0) / v;
    return whole - (1 - smoothing) * own[target]! - smoothing * average;
  });
  return { shape: targets.shape, data };
}

/** Of the logits, from that of the losses. */
export function entropyGradient(
  logits: Tensor,
  targets: Tensor,
  dy: Tensor,
  { smoothing, ignored }: CrossEntropyAttributes,
): Tensor {
  const v = logits.shape[1]!;
  const hits = oneHot(targets, v);
  const wanted = smoothing === 0 ? hits : add(mul(hits, 1 - smoothing), smoothing / v);
  const weight = ignoring(targets, ignored, dy);
  return mul(sub(softmax(logits, 1), wanted), reshape(weight, [-1, 1]));
}

const crossEntropyOperator = defineOperator<CrossEntropyAttributes>({
  name: 'crossEntropy',
  infer(inputs, { smoothing }) {
    const [logits, targets] = inputs as [Tensor, Tensor];
    const fits =
      logits.shape.length === 2 && targets.shape.length === 1 && logits.shape[0] === targets.shape[0];
    const types = logits.dtype === 'float32' && targets.dtype === 'int32';
    check(fits && types, 'crossEntropy', 'needs float32 logits (M, V) and int32 targets (M)', inputs);
    check(smoothing >= 0 && smoothing < 1, 'crossEntropy', `label smoothing ${smoothing} is not in [0, 1)`);
    return [{ dtype: 'float32', shape: targets.shape }];
  },
  evaluate: ([logits, targets], attributes) => [evaluateEntropy(logits!, targets!, attributes)],
  gradient: ({ inputs: [logits, targets], attributes }, [dy]) =>
    dy ? [entropyGradient(logits!, targets!, dy, attributes)] : [],
  expand([logits, targets], { smoothing, ignored }) {
    const v = logits!.shape[1]!;
    const places = ignored === undefined ? targets! : where(equal(targets!, ignored), 0, targets!);
    const picked = reshape(takeAlong(logits!, reshape(places, [-1, 1]), 1), targets!.shape);
    const wanted =
      smoothing === 0 ? picked : add(mul(picked, 1 - smoothing), mul(sum(logits!, [1]), smoothing / v));
    // From the largest logit on: what is nearly certain costs little, which the logit itself would swallow.
    const top = max(logits!, [1], true);
    const total = sum(exp(sub(logits!, top)), [1]);
    const loss = sub(log(total), sub(wanted, reshape(top, wanted.shape)));
    return { outputs: [ignoring(targets!, ignored, loss)] };
  },
});

/** `crossEntropy` of any logits. */
export const entropy = (
  logits: Tensor,
  targets: Tensor,
  attributes: CrossEntropyAttributes = { smoothing: 0 },
): Tensor => apply1(crossEntropyOperator, [logits, targets], attributes);
