/** @file Samples of products. */
import * as g from '../../../src/graph';
import { float, type Sample } from './sample';

const eightBits: g.QuantizedMatrix = {
  bits: 8,
  rows: 5,
  columns: 32,
  data: Uint8Array.from({ length: 160 }, (_, i) => ((i * 37) % 255) + 1),
  scales: Float32Array.of(0.01, 0.02, 0.005, 0.03, 0.01),
};
/** Small enough that no pair of products overflows 16 bits on any processor. */
const signedBytes: g.QuantizedMatrix = {
  ...eightBits,
  data: Uint8Array.from({ length: 160 }, (_, i) => ((i * 37) % 121) - 60),
  signed: true,
};
const fourBits: g.QuantizedMatrix = {
  bits: 4,
  rows: 5,
  columns: 64,
  block: 32,
  data: Uint8Array.from({ length: 160 }, (_, i) => (i * 89) % 256),
  scales: Float32Array.from({ length: 10 }, (_, i) => 0.01 * (i + 1)),
};

export const matrixSamples: readonly Sample[] = [
  { name: 'matmul', inputs: [float(3, 4), float(4, 2)], build: g.matmul },
  { name: 'matmul, batched', inputs: [float(2, 1, 3, 4), float(5, 4, 2)], build: g.matmul },
  {
    name: 'matmul, operands transposed',
    inputs: [float(2, 4, 3), float(2, 5, 4)],
    build: (a, b) => g.matmul(g.transpose(a, [0, 2, 1]), g.transpose(b, [0, 2, 1])),
  },
  ...(
    [
      ['ij,jk->ik', [3, 4], [4, 2]],
      ['bij,bjk->bik', [2, 3, 4], [2, 4, 5]],
      ['bhqd,bhkd->bhqk', [2, 2, 3, 4], [2, 2, 5, 4]],
      ['bij,jk->kbi', [2, 3, 4], [4, 5]],
      ['ab,cd->adbc', [2, 3], [4, 2]],
      ['abc,abd->b', [2, 3, 4], [2, 3, 5]],
      ['i,i->', [5], [5]],
      ['bn,bn->bn', [3, 4], [3, 4]],
      ['bi,ij,bj->b', [3, 4], [4, 5], [3, 5]],
      ['bld,dn,bln->bldn', [2, 3, 4], [4, 2], [2, 3, 2]],
      ['iij->ji', [3, 3, 2]],
      ['iii->', [3, 3, 3]],
      ['ijk->ki', [2, 3, 4]],
    ] as [string, ...number[][]][]
  ).map(([equation, ...shapes]): Sample => ({
    name: `einsum ${equation}`,
    inputs: shapes.map((shape) => float(...shape)),
    build: (...xs) => g.einsum(equation, ...xs),
  })),
  { name: 'linear', inputs: [float(2, 3, 4), float(5, 4)], build: (x, w) => g.linear(x, w) },
  { name: 'linear with a bias', inputs: [float(3, 4), float(5, 4), float(5)], build: g.linear },
  {
    name: 'gemm, both transposed, an addend per row',
    inputs: [float(4, 3), float(5, 4), float(3, 1)],
    build: (a, b, c) => g.gemm(a!, b!, true, true, c),
  },
  {
    name: 'linear, split in wide parts',
    inputs: [float(2, 3, 4), float(300, 4), float(300)],
    build: (x, w, b) => {
      const [left, right] = g.split(g.linear(x, w, b), 2, [100, 200]) as [g.Tensor, g.Tensor];
      return g.mul(left, g.sum(right, [2], true));
    },
    tolerance: 5e-6,
  },
  // On the CPU the activations are rounded to 8 bits.
  {
    name: 'linear with weights of 8 bits',
    inputs: [float(3, 32)],
    build: (x) => g.linear(x, g.quantized(eightBits)),
    seeds: 0,
    tolerance: 2e-2,
  },
  {
    name: 'linear with weights of signed bytes',
    inputs: [float(3, 32)],
    build: (x) => g.linear(x, g.quantized(signedBytes)),
    seeds: 0,
    tolerance: 2e-2,
  },
  {
    name: 'linear with weights of 4 bits and a bias',
    inputs: [float(2, 64), float(5)],
    build: (x, b) => g.linear(x, g.quantized(fourBits), b),
    seeds: 0,
    tolerance: 2e-2,
  },
  {
    name: 'weights of 8 bits, elsewhere',
    inputs: [float(5, 32)],
    build: (x) => g.mul(x, g.quantized(eightBits)),
  },
];
