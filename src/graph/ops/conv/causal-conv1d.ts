/** @file Causal depthwise convolution with few taps over any axis, channels last. */
import { floatType } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { around, axisOf, sameShape, size } from '../../shape';
import type { Operator, Tensor } from '../../types';
import { add, mul } from '../elementwise/binary';
import { stack } from '../shape/concat';
import { rows } from '../matrix/matmul';
import { sum } from '../reduce/reduce';
import { reshape } from '../shape/reshape';
import { flip, pad, slice } from '../shape/slice';

interface ConvAttributes {
  readonly timeAxis: number;
  /** Looks ahead instead of back: y[t] = Σ_k weight[:, k] · x[t + (K - 1) - k], which is the adjoint. */
  readonly ahead: boolean;
}

const convOperator: Operator<ConvAttributes> = defineOperator<ConvAttributes>({
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
    return [{ dtype: floatType('causalConv1d', inputs), shape: x.shape }];
  },
  evaluate([x, w, b], { timeAxis, ahead }) {
    const channels = x!.shape[x!.shape.length - 1]!;
    const taps = w!.shape[2]!;
    const { n, inner } = around(x!.shape, timeAxis);
    const data = x!.data.map((_, i) => {
      const c = i % channels;
      const t = Math.floor(i / inner) % n;
      let total = b ? b.data[c]! : 0;
      for (let k = 0; k < taps; k++) {
        const shift = ahead ? taps - 1 - k : k - (taps - 1);
        const from = t + shift;
        if (from >= 0 && from < n) total += w!.data[c * taps + k]! * x!.data[i + shift * inner]!;
      }
      return total;
    });
    return [{ shape: x!.shape, data }];
  },
  gradient({ inputs, attributes: { timeAxis, ahead } }, [dy], wanted) {
    if (!dy) return [];
    const [x, w, b] = inputs as [Tensor, Tensor, Tensor?];
    const taps = w.shape[2]!;
    const n = x.shape[timeAxis]!;
    // x stays where it is and dy moves, as it does for x's own gradient: a tap's view of x would have to be kept.
    const dw = (): Tensor => {
      const padded = ahead ? pad(dy, timeAxis, taps - 1, 0) : pad(dy, timeAxis, 0, taps - 1);
      const perTap = Array.from({ length: taps }, (_, k) => {
        const start = ahead ? k : taps - 1 - k;
        return sum(rows(mul(x, slice(padded, timeAxis, start, start + n))), [0]);
      });
      return reshape(stack(perTap, 1), w.shape);
    };
    return [
      wanted[0] ? apply1(convOperator, [dy, w], { timeAxis, ahead: !ahead }) : undefined,
      wanted[1] ? dw() : undefined,
      wanted[2] && b ? sum(rows(dy), [0]) : undefined,
    ];
  },
  expand(inputs, attributes, { target }) {
    const [x, w, b] = inputs as [Tensor, Tensor, Tensor?];
    // The fused kernel hands on K - 1 steps; with none of them onnxruntime ends the process.
    const y = target === 'webgpu' && w.shape[2]! > 1 ? fused(x, w, attributes) : shifted(x, w, attributes);
    return { outputs: [b ? add(y, b) : y] };
  },
});

/** A product per tap: no layout change, and faster on the CPU than its fused kernel. */
function shifted(x: Tensor, w: Tensor, { timeAxis, ahead }: ConvAttributes): Tensor {
  const [channels, , taps] = w.shape as [number, number, number];
  const n = x.shape[timeAxis]!;
  const padded = ahead ? pad(x, timeAxis, 0, taps - 1) : pad(x, timeAxis, taps - 1, 0);
  const terms = Array.from({ length: taps }, (_, k) => {
    const start = ahead ? taps - 1 - k : k;
    const weight = reshape(slice(w, 2, k, k + 1), [channels]);
    return mul(slice(padded, timeAxis, start, start + n), weight);
  });
  return terms.reduce((total, term) => add(total, term));
}

/** One kernel; looking ahead is looking back from K - 1 steps later, taps reversed. */
function fused(x: Tensor, w: Tensor, { timeAxis, ahead }: ConvAttributes): Tensor {
  const taps = w.shape[2]!;
  if (!ahead) return kernel(x, w, timeAxis);
  const n = x.shape[timeAxis]!;
  const later = kernel(pad(x, timeAxis, 0, taps - 1), flip(w, 2), timeAxis);
  return slice(later, timeAxis, taps - 1, taps - 1 + n);
}

/** Over x (B, T, C), taps `dilation` apart. */
const kernelOperator: Operator<{ readonly dilation: number }> = defineOperator<{ readonly dilation: number }>(
  {
    name: 'causalConvKernel',
    infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
    evaluate([x, w], { dilation }) {
      const [batch, length, channels] = x!.shape as [number, number, number];
      const shape = [batch, length / dilation, dilation * channels];
      // Taps apart are taps over rows of several tokens.
      const taps = w!.shape[2]!;
      const wide = new Float64Array(dilation * channels * taps);
      for (let i = 0; i < dilation; i++) wide.set(w!.data, i * channels * taps);
      const values = [
        { shape, data: x!.data },
        { shape: [dilation * channels, 1, taps], data: wide },
      ];
      const [y] = convOperator.evaluate(values, { timeAxis: 1, ahead: false }, []);
      return [{ shape: x!.shape, data: y!.data }];
    },
    lower(emit, inputs, { attributes: { dilation } }) {
      const attributes = { channels_last: 1, dilation };
      const [y] = emit.nodes('CausalConvWithState', inputs, {
        domain: 'com.microsoft',
        attributes,
        outputs: 2,
      });
      return [y!];
    },
  },
);

/** Axes between time and channels become part of time, and the taps as far apart. */
function kernel(x: Tensor, w: Tensor, timeAxis: number): Tensor {
  const { outer, n } = around(x.shape, timeAxis);
  const dilation = size(x.shape.slice(timeAxis + 1, -1));
  const flat = reshape(x, [outer, n * dilation, x.shape[x.shape.length - 1]!]);
  return reshape(apply1(kernelOperator, [flat, w], { dilation }), x.shape);
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
  return apply1(convOperator, bias ? [x, weight, bias] : [x, weight], { timeAxis: at, ahead: false });
}
