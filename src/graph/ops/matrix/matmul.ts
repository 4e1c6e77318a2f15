/** @file Matrix products, either operand transposed without a copy where the device can. */
import { floatType } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { broadcast, broadcastStrides, size } from '../../shape';
import type { Shape, Tensor, Value } from '../../types';
import { unbroadcast } from '../elementwise/broadcast';
import { reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';

interface MatmulAttributes {
  readonly transA: boolean;
  readonly transB: boolean;
}

const matrix = (shape: Shape, trans: boolean): [rows: number, columns: number] => {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return trans ? [columns, rows] : [rows, columns];
};

const matmulOperator = defineOperator<MatmulAttributes>({
  name: 'matmul',
  infer(inputs, { transA, transB }) {
    const [a, b] = inputs as [Tensor, Tensor];
    const matrices = a.shape.length >= 2 && b.shape.length >= 2;
    check(matrices, 'matmul', 'needs two matrices', inputs);
    const dtype = floatType('matmul', inputs);
    const [m, k] = matrix(a.shape, transA);
    const [k2, n] = matrix(b.shape, transB);
    check(k === k2, 'matmul', `inner extents ${k} and ${k2} differ`, inputs);
    return [{ dtype, shape: [...batchShape(inputs), m, n] }];
  },
  evaluate: ([a, b], attributes, [type]) => [evaluateMatmul(a!, b!, attributes, type!.shape)],
  gradient({ inputs, attributes: { transA, transB } }, [dy], wanted) {
    if (!dy) return [];
    const [a, b] = inputs as [Tensor, Tensor];
    const da = (): Tensor => (transA ? product(b, dy, transB, true) : product(dy, b, false, !transB));
    const db = (): Tensor => (transB ? product(dy, a, true, transA) : product(a, dy, !transA, false));
    return [
      wanted[0] ? unbroadcast(da(), a.shape) : undefined,
      wanted[1] ? unbroadcast(db(), b.shape) : undefined,
    ];
  },
  lower(emit, inputs, { inputs: tensors, attributes: { transA, transB } }) {
    if (!transA && !transB) return [emit.node('MatMul', inputs)];
    if (emit.target === 'cpu') {
      const attributes = { transA: Number(transA), transB: Number(transB) };
      return [emit.node('FusedMatMul', inputs, { attributes, domain: 'com.microsoft' })];
    }
    const turned = inputs.map((name, i) => {
      if (!(i === 0 ? transA : transB)) return name;
      const perm = tensors[i]!.shape.map((_, axis) => axis);
      perm.push(...perm.splice(-2).reverse());
      return emit.node('Transpose', [name], { attributes: { perm } });
    });
    return [emit.node('MatMul', turned)];
  },
});

const batchShape = (inputs: readonly Tensor[]): Shape =>
  broadcast(
    'matmul',
    inputs.map(({ dtype, shape }) => ({ dtype, shape: shape.slice(0, -2) })),
  );

function evaluateMatmul(a: Value, b: Value, { transA, transB }: MatmulAttributes, shape: Shape): Value {
  const batch = shape.slice(0, -2);
  const [m, k] = matrix(a.shape, transA);
  const [, n] = matrix(b.shape, transB);
  const [aRow, aColumn] = transA ? [1, m] : [k, 1];
  const [bRow, bColumn] = transB ? [1, k] : [n, 1];
  const aSteps = broadcastStrides(a.shape.slice(0, -2), batch);
  const bSteps = broadcastStrides(b.shape.slice(0, -2), batch);
  const data = new Float64Array(size(shape));
  for (let item = 0; item < size(batch); item++) {
    let [aAt, bAt, rest] = [0, 0, item];
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      const i = rest % batch[axis]!;
      rest = Math.floor(rest / batch[axis]!);
      aAt += i * aSteps[axis]! * m * k;
      bAt += i * bSteps[axis]! * k * n;
    }
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let l = 0; l < k; l++) {
          total += a.data[aAt + i * aRow + l * aColumn]! * b.data[bAt + l * bRow + j * bColumn]!;
        }
        data[item * m * n + i * n + j] = total;
      }
    }
  }
  return { shape, data };
}

/** Batched product of (…, m, k) and (…, k, n) with either operand's last two axes swapped first. */
export function product(a: Tensor, b: Tensor, transA: boolean, transB: boolean): Tensor {
  return apply1(matmulOperator, [a, b], { transA, transB });
}

/** A transposition of the last two axes alone, undone. */
function untransposed(x: Tensor): Tensor | undefined {
  if (x.node.operator.name !== 'transpose') return undefined;
  const { perm } = x.node.attributes as { perm: readonly number[] };
  const rank = perm.length;
  if (rank < 2 || perm[rank - 1] !== rank - 2 || perm[rank - 2] !== rank - 1) return undefined;
  return perm.slice(0, -2).every((axis, i) => axis === i) ? transpose(x, perm) : undefined;
}

/** (…, m, k) × (…, k, n) → (…, m, n); leading axes broadcast. A transposed operand is not copied. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const [left, right] = [untransposed(a), untransposed(b)];
  return product(left ?? a, right ?? b, left !== undefined, right !== undefined);
}

/** `x` (…, k) as a matrix of rows. */
export const rows = (x: Tensor): Tensor => reshape(x, [-1, x.shape[x.shape.length - 1]!]);
