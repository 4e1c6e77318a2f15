/** @file Samples in half precision: what mixed-precision training runs between its casts. */
import * as g from '../../../src/graph';
import type { Tensor } from '../../../src/graph';
import { float, ids, within, type Sample, type SampleInput } from './sample';

/** `build` on halves; the results and the gradients are float32 again. Halves carry 11 bits. */
const half = (
  name: string,
  inputs: readonly SampleInput[],
  build: (...xs: Tensor[]) => Tensor,
  tolerance = 3e-3,
): Sample => ({
  name: `${name} of halves`,
  inputs,
  build: (...xs) =>
    g.cast(build(...xs.map((x) => (g.isFloat(x.dtype) ? g.cast(x, 'float16') : x))), 'float32'),
  tolerance,
  halves: true,
});

export const halfSamples: readonly Sample[] = [
  half('arithmetic', [float(3, 4), float(4)], (a, b) => g.sub(g.mul(g.add(a, b), a), g.div(b, 3))),
  half('maximum and where', [float(3, 4), float(4)], (a, b) =>
    g.where(g.greater(a, 0), g.maximum(a, b), g.mul(a, b)),
  ),
  half('activations', [float(4, 4)], (x) => g.add(g.silu(x), g.add(g.gelu(x), g.softplus(x)))),
  half('unary operators', [within(0.5, 2, 12)], (x) => g.add(g.exp(g.neg(x)), g.mul(g.sqrt(x), g.tanh(x)))),
  half('matmul', [float(2, 3, 8), float(8, 4)], g.matmul),
  half('linear', [float(2, 3, 8), float(5, 8), float(5)], (x, w, b) => g.linear(x, w, b)),
  half('softmax', [float(3, 7)], (x) => g.softmax(x, 1)),
  half('attention', [float(2, 4, 5, 3), float(2, 2, 5, 3), float(2, 2, 5, 2)], (q, k, v) =>
    g.attention({ q, k, v, causal: true }),
  ),
  half('sum and mean', [float(3, 4, 2)], (x) => g.add(g.sum(x, [1]), g.mean(x, [1]))),
  half('embedding', [ids(6, 5), float(6, 3)], g.embedding),
  half('causalConv1d', [float(2, 6, 3), float(3, 1, 4), float(3)], (x, w, b) => g.causalConv1d(x, w, b, 1)),
  half('moved values', [float(2, 6)], (x) => {
    const [left, right] = g.split(x, 1, [2, 4]) as [Tensor, Tensor];
    const turned = g.transpose(g.pad(g.concat([right, left], 1), 1, 1, 0), [1, 0]);
    return g.mul(g.flip(turned, 0), g.expand(g.constant([2], [1, 1], 'float16'), [7, 2]));
  }),
];
