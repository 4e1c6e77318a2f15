/** @file Causal depthwise convolution with few taps, as shifted products: no layout change, on every device. */
import { check } from '../errors';
import { apply1 } from '../node';
import { defineOperator } from '../registry';
import { around, axisOf, sameShape } from '../shape';
import type { Tensor } from '../types';
import { add, mul } from './binary';
import { rows } from './matmul';
import { reshape } from './reshape';
import { sum } from './reduce';
import { pad, slice } from './slice';
import { stack } from './concat';

interface ConvAttributes {
  readonly timeAxis: number;
}

const convOperator = defineOperator<ConvAttributes>({
  name: 'causalConv1d',
  infer(inputs, { timeAxis }) {
    const [x, w, b] = inputs as [Tensor, Tensor, Tensor?];
    const channels = x.shape[x.shape.length - 1]!;
    const fits = w.shape.length === 3 && w.shape[0] === channels && w.shape[1] === 1 && w.shape[2]! > 0;
    check(
      fits && timeAxis < x.shape.length - 1,
      'causalConv1d',
      'needs x (…, C) and weight (C, 1, K)',
      inputs,
    );
    check(!b || sameShape(b.shape, [channels]), 'causalConv1d', 'the bias must be (C)', inputs);
    return [{ dtype: 'float32', shape: x.shape }];
  },
  evaluate([x, w, b], { timeAxis }) {
    const channels = x!.shape[x!.shape.length - 1]!;
    const taps = w!.shape[2]!;
    const { n, inner } = around(x!.shape, timeAxis);
    const data = x!.data.map((_, i) => {
      const c = i % channels;
      const t = Math.floor(i / inner) % n;
      let total = b ? b.data[c]! : 0;
      for (let k = 0; k < taps; k++) {
        const shift = taps - 1 - k;
        if (t >= shift) total += w!.data[c * taps + k]! * x!.data[i - shift * inner]!;
      }
      return total;
    });
    return [{ shape: x!.shape, data }];
  },
  gradient({ inputs, attributes: { timeAxis } }, [dy], wanted) {
    if (!dy) return [];
    const [x, w, b] = inputs as [Tensor, Tensor, Tensor?];
    const taps = w.shape[2]!;
    const n = x.shape[timeAxis]!;
    const dx = (): Tensor => {
      const padded = pad(dy, timeAxis, 0, taps - 1);
      return shifted(padded, w, timeAxis, n, (k) => taps - 1 - k);
    };
    const dw = (): Tensor => {
      const padded = pad(x, timeAxis, taps - 1, 0);
      const perTap = Array.from({ length: taps }, (_, k) =>
        overAll(mul(slice(padded, timeAxis, k, k + n), dy)),
      );
      return reshape(stack(perTap, 1), w.shape);
    };
    return [
      wanted[0] ? dx() : undefined,
      wanted[1] ? dw() : undefined,
      wanted[2] && b ? overAll(dy) : undefined,
    ];
  },
  expand([x, w, b], { timeAxis }) {
    const taps = w!.shape[2]!;
    const padded = pad(x!, timeAxis, taps - 1, 0);
    const y = shifted(padded, w!, timeAxis, x!.shape[timeAxis]!, (k) => k);
    return { outputs: [b ? add(y, b) : y] };
  },
});

/** Sum over all axes but the last. */
function overAll(x: Tensor): Tensor {
  const flat = rows(x);
  return sum(flat, [0]);
}

/** Σ over taps k of weight[:, k] · padded[start(k) … start(k) + n]. */
function shifted(padded: Tensor, w: Tensor, axis: number, n: number, start: (k: number) => number): Tensor {
  const [channels, , taps] = w.shape as [number, number, number];
  let total: Tensor | undefined;
  for (let k = 0; k < taps; k++) {
    const weight = reshape(slice(w, 2, k, k + 1), [channels]);
    const term = mul(slice(padded, axis, start(k), start(k) + n), weight);
    total = total ? add(total, term) : term;
  }
  return total!;
}

/**
 * y[t] = bias + Σ_k weight[:, k] · x[t - (K - 1) + k], zeros before the start.
 * @param x (…, C), channels last
 * @param weight (C, 1, K)
 * @param bias (C)
 * @param timeAxis the axis that t runs along
 */
export function causalConv1d(x: Tensor, weight: Tensor, bias: Tensor | undefined, timeAxis: number): Tensor {
  const at = axisOf('causalConv1d', x, timeAxis);
  return apply1(convOperator, bias ? [x, weight, bias] : [x, weight], { timeAxis: at });
}
