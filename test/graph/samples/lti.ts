/** @file Samples of the operators of time-invariant state space models. */
import * as g from '../../../src/graph';
import { float, within, type Sample } from './sample';

type Sizes = readonly [H: number, rows: number, L: number, N: number];

const diagonal = (name: string, [H, rows, L, N]: Sizes, ahead = false): Sample => ({
  name: `diagonalConv, ${name}`,
  inputs: [float(H, rows, L), within(-0.4, -0.01, H, N), within(-3, 3, H, N), float(H, N), float(H, N)],
  build: (u, aRe, aIm, wRe, wIm) =>
    g.diagonalConv(u!, { re: aRe!, im: aIm! }, { re: wRe!, im: wIm! }, { ahead }),
  // Angles of up to 64 · 3 in float32.
  tolerance: 1e-5,
});

/** Angles of which a part is given apart. */
const parted: Sample = {
  name: 'diagonalConv and diagonalKernel, angles in two parts',
  inputs: [float(2, 2, 70), within(-0.4, -0.1, 2, 3), within(-3, 3, 2, 3), float(2, 3), float(2, 3)],
  build(u, re, im, wRe, wIm) {
    const a = { re: re!, im: im!, rest: g.full([2, 3], 2 ** -7) };
    const w = { re: wRe!, im: wIm! };
    const from = { modes: g.constant(Float32Array.of(0, 1, 0, 1, 1, 0), [2, 3]), token: 3 };
    const far = g.powers({ ...a, re: g.mul(a.re, 1e-4) }, 1, 5000);
    return [g.diagonalConv(u!, a, w), g.diagonalKernel(a, w, 23, from), far.re, far.im];
  },
  // The slope of a power of 5000 is beyond central differences.
  seeds: 2,
  tolerance: 1e-5,
};

const long = (name: string, [H, rows, L]: readonly number[], taps: number, ahead = false): Sample => ({
  name: `longConv, ${name}`,
  inputs: [float(H!, rows!, L!), float(H!, taps)],
  build: (u, k) => g.longConv(u!, k!, { ahead }),
});

/** Kernel, recurrence matrix and recovered output map of a model that decays fast. */
const dplr = (name: string, rank: number, length: number, kernelOf = g.dplrKernel): Sample => {
  const [H, M, channels] = [2, 2, 2];
  return {
    name: `${kernelOf === g.dplrKernel ? 'dplrKernel' : 'dplrKernelByPowers'}, ${name}`,
    inputs: [
      within(-2, -0.5, H, M),
      within(-3, 3, H, M),
      float(rank, H, M),
      float(rank, H, M),
      float(H, M),
      float(H, M),
      float(channels, H, M),
      float(channels, H, M),
      within(0.2, 0.6, H, 1),
    ],
    build(lRe, lIm, pRe, pIm, bRe, bIm, cRe, cIm, delta) {
      const model = {
        lambda: { re: lRe!, im: lIm! },
        P: { re: pRe!, im: pIm! },
        B: { re: bRe!, im: bIm! },
        C: { re: cRe!, im: cIm! },
        delta: delta!,
      };
      const recurrence = g.dplrRecurrence(model);
      const matrix = g.realMatrix(recurrence);
      const C = g.recoverOutput(model.C, g.realChange(recurrence), length, 256);
      const x = g.dplrStep(recurrence, { re: g.ones([3, H, M]), im: g.zeros([3, H, M]) }, g.ones([3, H]));
      return [kernelOf(model, length), matrix, C.re, C.im, x.re, x.im];
    },
    tolerance: 2e-5,
  };
};

export const ltiSamples: readonly Sample[] = [
  diagonal('one token', [2, 1, 1, 2]),
  diagonal('one chunk', [2, 3, 7, 3]),
  diagonal('one chunk ahead', [2, 3, 7, 3], true),
  diagonal('chunks that do not divide', [2, 2, 150, 3]),
  diagonal('chunks ahead', [2, 2, 150, 3], true),
  diagonal('many chunks', [1, 1, 1700, 2]),
  diagonal('many chunks ahead', [1, 1, 1700, 2], true),
  parted,
  long('one token', [2, 1, 1], 1),
  long('short input', [2, 3, 7], 7),
  long('short input ahead', [2, 3, 7], 5, true),
  long('more taps than input', [2, 3, 7], 9),
  long('a few taps', [2, 2, 150], 5),
  long('a few taps ahead', [2, 2, 150], 5, true),
  long('a chunk of taps', [2, 1, 150], 50),
  long('as long as the input', [2, 3, 150], 150),
  long('as long as the input, ahead', [2, 3, 150], 150, true),
  long('half as long as the input', [2, 2, 151], 80),
  dplr('odd length', 1, 15),
  dplr('even length, rank 2', 2, 12),
  dplr('prime length', 1, 7),
  dplr('rank 1', 1, 15, g.dplrKernelByPowers),
  dplr('rank 2', 2, 16, g.dplrKernelByPowers),
  {
    name: 'diagonalKernel',
    inputs: [within(-0.4, -0.01, 2, 3), within(-3, 3, 2, 3), float(2, 3), float(2, 3)],
    build: (aRe, aIm, wRe, wIm) => g.diagonalKernel({ re: aRe!, im: aIm! }, { re: wRe!, im: wIm! }, 23),
    tolerance: 1e-5,
  },
  {
    name: 'diagonalKernel of growing modes',
    inputs: [within(0.01, 0.4, 2, 3), within(-3, 3, 2, 3), float(2, 3), float(2, 3)],
    build: (aRe, aIm, wRe, wIm) => {
      const a = { re: aRe!, im: aIm! };
      return g.diagonalKernel(a, { re: wRe!, im: wIm! }, 23, { modes: g.ones([2, 3]), token: 22 });
    },
    tolerance: 1e-5,
  },
  {
    name: 'diagonalStates',
    inputs: [float(2, 2, 7, 3), float(2, 2, 7, 3), within(-0.4, -0.01, 2, 3), within(-3, 3, 2, 3)],
    build: (re, im, aRe, aIm) => {
      const x = g.diagonalStates({ re: re!, im: im! }, { re: aRe!, im: aIm! });
      return [x.re, x.im];
    },
    tolerance: 1e-5,
  },
  {
    name: 'complex arithmetic',
    inputs: [within(-2, -0.1, 5), float(5), float(5), float(5)],
    build: (a, b, c, d) => {
      const [x, y] = [
        { re: a!, im: b! },
        { re: c!, im: d! },
      ];
      const z = g.complex.cmul(g.complex.creciprocal(x), g.complex.cexpm1(y));
      return g.complex.toPairs(g.complex.csub(z, g.complex.fromPairs(g.complex.toPairs(x))));
    },
  },
];
