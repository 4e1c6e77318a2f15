/** @file Products of two matrices with an added bias, and the linear map made of them. */
import { floatType } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { sameShape } from '../../shape';
import type { Tensor } from '../../types';
import { unbroadcast } from '../elementwise/broadcast';
import { split } from '../shape/concat';
import { rows } from './matmul';
import { quantizedLinear, quantizedMatrix } from './quantized';
import { add } from '../elementwise/binary';
import { reshape, unshaped } from '../shape/reshape';

interface LinearAttributes {
  readonly transA: boolean;
  readonly transB: boolean;
}

const linearOperator = defineOperator<LinearAttributes>({
  name: 'linear',
  infer(inputs, { transA, transB }) {
    const [a, b, c] = inputs as [Tensor, Tensor, Tensor?];
    check(a.shape.length === 2 && b.shape.length === 2, 'gemm', 'needs two matrices', inputs);
    const [m, k] = transA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
    const [k2, n] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
    check(k === k2, 'gemm', `inner extents ${k} and ${k2} differ`, inputs);
    const fits = !c || [[n], [m, 1], [m, n]].some((shape) => sameShape(c.shape, shape));
    check(fits, 'gemm', `the added term must be [${n}], [${m}, 1] or [${m}, ${n}]`, inputs);
    return [{ dtype: floatType('gemm', inputs), shape: [m, n] }];
  },
  evaluate([a, b, c], { transA, transB }, [type]) {
    const [m, n] = type!.shape as [number, number];
    const k = transA ? a!.shape[0]! : a!.shape[1]!;
    const data = new Float64Array(m * n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = c ? c.data[c.shape.length === 1 ? j : c.shape[1] === n ? i * n + j : i]! : 0;
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

/** op(a) op(b) + c for matrices; `c` is (n), (m, 1) or (m, n). */
export const gemm = (a: Tensor, b: Tensor, transA: boolean, transB: boolean, c?: Tensor): Tensor =>
  apply1(linearOperator, c ? [a, b, c] : [a, b], { transA, transB });

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
  const matrix = quantizedMatrix(weight);
  const product = matrix && quantizedLinear(rows(x), matrix);
  const flat = product ? (bias ? add(product, bias) : product) : gemm(rows(x), weight, false, true, bias);
  return reshape(flat, [...x.shape.slice(0, -1), weight.shape[0]!]);
}

/** What `x` is a linear map of: x (rows, in), weight (out, in) and bias (out); undefined when it is none. */
export function linearOperands(
  product: Tensor,
): { readonly x: Tensor; readonly weight: Tensor; readonly bias?: Tensor } | undefined {
  const { operator, attributes, inputs } = product.node;
  if (operator !== linearOperator) return undefined;
  const { transA, transB } = attributes as LinearAttributes;
  const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor?];
  if (transA || !transB || bias?.shape.length === 2) return undefined;
  return { x, weight, ...(bias && { bias }) };
}

/** Below this width the parts of a product are too narrow to be products of their own. */
const SPLIT_WIDTH = 128;

/**
 * The parts of a linear map's result as maps of their own, so that neither the result nor its gradient is copied;
 * undefined when `x` is none, or when copying its weight would cost more.
 */
export function splitLinear(x: Tensor, axis: number, sizes: readonly number[]): Tensor[] | undefined {
  const flat = unshaped(x);
  const operands = axis === x.shape.length - 1 ? linearOperands(flat) : undefined;
  if (!operands) return undefined;
  const { x: a, weight: w, bias: c } = operands;
  const [rowCount, width] = flat.shape as [number, number];
  if (width !== x.shape[axis] || sizes.reduce((total, n) => total + n, 0) !== width) return undefined;
  if (width < SPLIT_WIDTH || rowCount < w.shape[1]! || sizes.includes(0)) return undefined;
  const weights = split(w, 0, sizes);
  const biases = c && split(c, 0, sizes);
  return weights.map((weight, i) => {
    const part = gemm(a, weight, false, true, biases?.[i]);
    return reshape(part, [...x.shape.slice(0, -1), sizes[i]!]);
  });
}
