/** @file Products of two matrices with an added bias, and the linear map made of them. */
import { check } from '../errors';
import { apply1 } from '../node';
import { defineOperator } from '../registry';
import { sameShape } from '../shape';
import type { Tensor } from '../types';
import { unbroadcast } from './broadcast';
import { rows } from './matmul';
import { reshape } from './reshape';

interface GemmAttributes {
  readonly transA: boolean;
  readonly transB: boolean;
}

const gemmOperator = defineOperator<GemmAttributes>({
  name: 'linear',
  infer(inputs, { transA, transB }) {
    const [a, b, c] = inputs as [Tensor, Tensor, Tensor?];
    check(a.shape.length === 2 && b.shape.length === 2, 'gemm', 'needs two matrices', inputs);
    const [m, k] = transA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
    const [k2, n] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
    check(k === k2, 'gemm', `inner extents ${k} and ${k2} differ`, inputs);
    const fits = !c || sameShape(c.shape, [n]) || sameShape(c.shape, [m, n]);
    check(fits, 'gemm', `the added term must be [${n}] or [${m}, ${n}]`, inputs);
    return [{ dtype: 'float32', shape: [m, n] }];
  },
  evaluate([a, b, c], { transA, transB }, [type]) {
    const [m, n] = type!.shape as [number, number];
    const k = transA ? a!.shape[0]! : a!.shape[1]!;
    const data = new Float64Array(m * n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = c ? c.data[c.shape.length === 1 ? j : i * n + j]! : 0;
        for (let l = 0; l < k; l++) {
          total += a!.data[transA ? l * m + i : i * k + l]! * b!.data[transB ? j * k + l : l * n + j]!;
        }
        data[i * n + j] = total;
      }
    }
    return [{ shape: type!.shape, data }];
  },
  gradient({ inputs, attributes: { transA, transB } }, [dy], wanted) {
    if (!dy) return [];
    const [a, b, c] = inputs as [Tensor, Tensor, Tensor?];
    const da = (): Tensor => (transA ? gemm(b, dy, transB, true) : gemm(dy, b, false, !transB));
    const db = (): Tensor => (transB ? gemm(dy, a, true, transA) : gemm(a, dy, !transA, false));
    return [
      wanted[0] ? da() : undefined,
      wanted[1] ? db() : undefined,
      wanted[2] && c ? unbroadcast(dy, c.shape) : undefined,
    ];
  },
  lower(emit, inputs, { attributes: { transA, transB } }) {
    if (inputs.length === 2 && !transA && !transB) return [emit.node('MatMul', inputs)];
    return [emit.node('Gemm', inputs, { attributes: { transA: Number(transA), transB: Number(transB) } })];
  },
});

/** op(a) op(b) + c for matrices; `c` is (n) or (m, n). */
export const gemm = (a: Tensor, b: Tensor, transA: boolean, transB: boolean, c?: Tensor): Tensor =>
  apply1(gemmOperator, c ? [a, b, c] : [a, b], { transA, transB });

/**
 * x Wᵀ + b over the last axis, as PyTorch's Linear.
 * @param x (…, in)
 * @param weight (out, in)
 * @param bias (out)
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const operands = bias ? [x, weight, bias] : [x, weight];
  const fits =
    weight.shape.length === 2 && x.shape.length >= 1 && x.shape[x.shape.length - 1] === weight.shape[1];
  check(fits, 'linear', 'needs x (…, in) and weight (out, in)', operands);
  check(!bias || sameShape(bias.shape, [weight.shape[0]!]), 'linear', 'the bias must be (out)', operands);
  const flat = gemm(rows(x), weight, false, true, bias);
  return reshape(flat, [...x.shape.slice(0, -1), weight.shape[0]!]);
}
