/** @file Samples of convolutions, pooling and enlarging over windows, channels first. */
import * as g from '../../../src/graph';
import { float, ids, unary, type Sample } from './sample';

type Options = Parameters<typeof g.conv>[2];

const conv = (name: string, x: number[], w: number[], options: Options = {}): Sample => ({
  name: `conv, ${name}`,
  inputs: [float(...x), float(...w)],
  build: (a, b) => g.conv(a!, b!, options),
  tolerance: 4e-6,
});

const transposed = (
  name: string,
  y: number[],
  w: number[],
  options: Parameters<typeof g.convTranspose>[2] = {},
): Sample => ({
  name: `convTranspose, ${name}`,
  inputs: [float(...y), float(...w)],
  build: (a, b) => g.convTranspose(a!, b!, options),
  tolerance: 4e-6,
});

/** A gradient that is differentiated again: the operators that stand in gradients only. */
const secondOrder: Sample = {
  name: 'conv, gradients of its gradients',
  inputs: [float(2, 4, 5, 6), float(6, 2, 3, 2), float(2, 6, 3, 3)],
  build: (x, w, dy) => {
    const y = g.conv(x, w, { stride: 2, padding: [1, 0], groups: 2 });
    return g.gradients([{ output: y, cotangent: dy }], [x, w]);
  },
  tolerance: 4e-6,
};

export const windowSamples: readonly Sample[] = [
  conv('one axis', [2, 3, 9], [4, 3, 3], { padding: 1 }),
  conv('one axis, depthwise, uneven padding', [2, 4, 7], [4, 1, 3], { groups: 4, padding: [[2, 1]] }),
  conv('one axis, several features per channel', [2, 3, 7], [6, 1, 3], { groups: 3, padding: 1 }),
  conv('one axis, dilated and strided', [2, 3, 12], [4, 3, 3], { dilation: 2, stride: 3, padding: 2 }),
  conv('two axes', [2, 3, 5, 6], [4, 3, 3, 3], { padding: 1 }),
  conv('two axes, strided', [2, 3, 6, 5], [4, 3, 3, 3], { padding: 1, stride: 2 }),
  conv('two axes, a stride that leaves some out', [1, 2, 8, 8], [3, 2, 3, 3], { stride: [3, 2] }),
  conv('two axes, grouped and dilated', [2, 4, 7, 6], [6, 2, 3, 2], { groups: 2, dilation: [2, 1] }),
  conv('two axes, depthwise', [2, 4, 5, 6], [4, 1, 3, 3], { groups: 4, padding: 1 }),
  conv('two axes, depthwise, strided', [2, 3, 7, 7], [3, 1, 3, 3], { groups: 3, padding: 1, stride: 2 }),
  conv('one by one', [2, 3, 4, 5], [4, 3, 1, 1]),
  conv('patches', [2, 3, 6, 4], [5, 3, 2, 2], { stride: 2 }),
  {
    name: 'conv with a bias',
    inputs: [float(2, 3, 5, 4), float(4, 3, 3, 3), float(4)],
    build: (x, w, bias) => g.conv(x, w, { bias, padding: 1 }),
    tolerance: 4e-6,
  },
  secondOrder,
  transposed('one axis, strided', [2, 3, 4], [3, 5, 3], { stride: 2, padding: 1, outputPadding: 1 }),
  transposed('two axes, strided', [2, 3, 4, 3], [3, 4, 3, 3], { stride: 2, padding: 1 }),
  transposed('two axes, kernel and stride alike', [2, 3, 4, 3], [3, 2, 2, 2], { stride: 2 }),
  transposed('two axes, no stride', [2, 4, 4, 3], [4, 3, 3, 2], { groups: 2, padding: 1 }),
  transposed('two axes, grouped, dilated, strided', [1, 4, 4, 3], [4, 2, 2, 3], {
    groups: 2,
    dilation: 2,
    stride: 2,
    padding: 1,
  }),
  transposed('two axes, depthwise', [2, 3, 4, 4], [3, 1, 3, 3], { groups: 3, stride: 2, padding: 1 }),
  unary('maxPool', (x) => g.maxPool(x, { kernel: 2 }), float(2, 3, 6, 4)),
  unary('maxPool, one axis', (x) => g.maxPool(x, { kernel: 3 }), float(2, 3, 9)),
  unary('maxPool, overlapping', (x) => g.maxPool(x, { kernel: 3, stride: 2, padding: 1 }), float(2, 2, 7, 6)),
  unary('maxPool, some left out', (x) => g.maxPool(x, { kernel: 2, stride: 2 }), float(2, 2, 5, 7)),
  {
    name: 'maxPool of equal values',
    inputs: [ids(2, 1, 2, 6, 6), float(1, 2, 2, 2)],
    // The gradient, which central differences cannot tell at a tie.
    build: (i, dy) => {
      const x = g.cast(i, 'float32');
      const y = g.maxPool(x, { kernel: 3, stride: 3 });
      return [y, g.gradients([{ output: y, cotangent: dy }], [x])[0]!];
    },
  },
  unary('averagePool', (x) => g.averagePool(x, { kernel: 2 }), float(2, 3, 6, 4)),
  unary(
    'averagePool, overlapping',
    (x) => [
      g.averagePool(x, { kernel: 3, stride: 2, padding: 1 }),
      g.averagePool(x, { kernel: 3, stride: 2, padding: 1, countPadding: false }),
    ],
    float(2, 2, 7, 6),
  ),
  unary('global pools', (x) => [g.globalAveragePool(x), g.globalMaxPool(x)], float(2, 3, 4, 5)),
  unary('adaptiveAveragePool', (x) => g.adaptiveAveragePool(x, [2, 3]), float(2, 3, 4, 6)),
  unary('upsampleNearest', (x) => g.upsampleNearest(x, 3), float(2, 2, 3, 2)),
  unary('upsampleLinear', (x) => g.upsampleLinear(x, [6, 7]), float(2, 2, 3, 4)),
  unary(
    'upsampleLinear, corners aligned',
    (x) => g.upsampleLinear(x, [5, 4], { alignCorners: true }),
    float(2, 2, 3, 4),
  ),
  unary('upsampleLinear, one axis, smaller', (x) => g.upsampleLinear(x, [3]), float(2, 2, 7)),
];
