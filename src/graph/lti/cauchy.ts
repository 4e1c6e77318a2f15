/**
 * @file The kernel of a state space model whose state matrix is diagonal plus low rank (DPLR), A = Λ - P P*, under
 * the bilinear transform: its Fourier transform is a few Cauchy sums, corrected by Woodbury's identity (Gu et al.,
 * 2021, S4, section 3). With the half angle of a node, e^{-iθ/2} taken out of both 1 ± ω, no node is infinite.
 */
import { check } from '../errors';
import { add, div, mul, sub } from '../ops/elementwise/binary';
import { neg, square } from '../ops/elementwise/unary';
import { product } from '../ops/matrix/matmul';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import { transpose } from '../ops/shape/transpose';
import type { Tensor } from '../types';
import { both, cmul, conjugate, creciprocal, creshape, cscale, csub, type Complex } from './complex';
import { exact } from './exact';
import { halfOf, inverseTransform, type DftPlan } from './dft';
import { constantOnce } from './pieces';

/** Cost of a transform whose length is n1 · n2, up to a factor. */
const costOf = ({ n1, n2 }: DftPlan): number => n1 + 2 * n2;

/** The cheapest two factors of a length; a prime has none, and costs as much as its square. */
export function factorsOf(length: number): DftPlan {
  let best: DftPlan = { n1: length, n2: 1 };
  for (let n2 = 2; n2 * n2 <= 4 * length; n2++) {
    const plan = { n1: length / n2, n2 };
    if (Number.isInteger(plan.n1) && costOf(plan) < costOf(best)) best = plan;
  }
  return best;
}

/** cos, sin or their like of half the angle of every node, in the order of the transform: (P · n2). */
function halfAngles(plan: DftPlan, part: 'cos' | 'sin'): Tensor {
  const { n1, n2 } = plan;
  return constantOnce(`half angles ${part} ${n1}·${n2}`, [halfOf(plan) * n2], (i) => {
    const k = Math.floor(i / n2) + n1 * (i % n2);
    return Math[part]((Math.PI * k) / (n1 * n2));
  });
}

export interface DplrModel {
  /** Λ: one of each conjugate pair, (H, M), Re Λ < 0. */
  readonly lambda: Complex;
  /** P: (rank, H, M), rank 1 or 2. */
  readonly P: Complex;
  /** B: (H, M). */
  readonly B: Complex;
  /** C (I - dAᴸ): (kernels, H, M). */
  readonly C: Complex;
  /** Δ: (H, 1). */
  readonly delta: Tensor;
}

/** Parts of the products whose Cauchy sums are needed, each (H, count, M). */
function numerators({ P, B, C }: DplrModel): { products: Complex; kernels: number; rank: number } {
  const [kernels, H, M] = C.re.shape as [number, number, number];
  const rank = P.re.shape[0]!;
  const row = (x: Complex): Complex => creshape(x, [1, H, M]);
  const Q = conjugate(P);
  const ranks = Array.from({ length: rank }, (_, r) => both(P, (part) => slice(part, 0, r, r + 1)));
  const parts = [
    cmul(C, row(B)),
    ...ranks.map((p) => cmul(C, p)),
    cmul(Q, row(B)),
    ...ranks.map((p) => cmul(Q, p)),
  ];
  const join = (part: keyof Complex): Tensor =>
    transpose(
      concat(
        parts.map((x) => x[part]),
        0,
      ),
      [1, 0, 2],
    );
  return { products: { re: join('re'), im: join('im') }, kernels, rank };
}

/**
 * Σ over both of each conjugate pair of v / (2 i s - q Δ λ), at every node: (H, count, nodes).
 */
function cauchySums(v: Complex, { lambda, delta }: DplrModel, s: Tensor, q: Tensor): Complex {
  const [H, count, M] = v.re.shape as [number, number, number];
  const column = (x: Tensor): Tensor => reshape(mul(x, delta), [H, M, 1]);
  const re = neg(mul(column(lambda.re), q));
  const turned = mul(column(lambda.im), q);
  const node = mul(s, 2);
  const sums = [sub(node, turned), add(node, turned)].map((im, half) => {
    const inverse = div(1, add(square(re), square(im)));
    const g = { re: mul(re, inverse), im: neg(mul(im, inverse)) };
    const stacked = concat([g.re, g.im], 1);
    const own = half === 0 ? v : conjugate(v);
    const left = concat([concat([own.re, neg(own.im)], 2), concat([own.im, own.re], 2)], 1);
    return product(left, stacked, false, false);
  });
  const total = add(sums[0]!, sums[1]!);
  return { re: slice(total, 1, 0, count), im: slice(total, 1, count, 2 * count) };
}

/** (I + g R)⁻¹ for each node: entries [row][column] of a 1 × 1 or 2 × 2 matrix of (H, 1, nodes). */
function inverted(R: readonly (readonly Complex[])[], g: Tensor): Complex[][] {
  const one = (x: Complex): Complex => ({ re: add(x.re, 1), im: x.im });
  const scaled = R.map((row, i) => row.map((x, j) => (i === j ? one(cscale(x, g)) : cscale(x, g))));
  if (scaled.length === 1) return [[creciprocal(scaled[0]![0]!)]];
  const [[a, b], [c, d]] = scaled as [[Complex, Complex], [Complex, Complex]];
  const inverse = creciprocal(csub(cmul(a, d), cmul(b, c)));
  const minus = (x: Complex): Complex => cscale(x, -1);
  return [
    [cmul(d, inverse), cmul(minus(b), inverse)],
    [cmul(minus(c), inverse), cmul(a, inverse)],
  ];
}

function kernelExpression(model: DplrModel, length: number): Tensor {
  const rank = model.P.re.shape[0]!;
  check(rank === 1 || rank === 2, 'dplrKernel', `rank ${rank} is neither 1 nor 2`, [model.P.re]);
  const plan = factorsOf(length);
  const [s, q] = [halfAngles(plan, 'sin'), halfAngles(plan, 'cos')];
  const { products, kernels } = numerators(model);
  const [H] = model.lambda.re.shape as [number, number];
  const sums = cauchySums(products, model, s, q);
  const rows = (first: number, count: number): Complex =>
    both(sums, (part) => slice(part, 1, first, first + count));
  // In the order of the numerators: C B, C P, P̄ B, P̄ P.
  const CP = Array.from({ length: rank }, (_, r) => rows(kernels * (1 + r), kernels));
  const first = kernels * (1 + rank);
  const PB = Array.from({ length: rank }, (_, r) => rows(first + r, 1));
  const PP = Array.from({ length: rank }, (_, i) =>
    Array.from({ length: rank }, (_unused, j) => rows(first + rank * (1 + j) + i, 1)),
  );
  const reach = mul(reshape(model.delta, [H, 1, 1]), q);
  const S = inverted(PP, reach);
  let found = rows(0, kernels);
  for (const [i, row] of S.entries()) {
    for (const [j, entry] of row.entries()) {
      found = csub(found, cscale(cmul(CP[i]!, cmul(entry, PB[j]!)), reach));
    }
  }
  const spectrum = cscale(cmul(found, { re: q, im: s }), reshape(model.delta, [H, 1, 1]));
  // (H, kernels, P · n2) → (P, kernels · H, n2)
  const ordered = both(spectrum, (part) =>
    reshape(transpose(reshape(part, [H, kernels, halfOf(plan), plan.n2]), [2, 1, 0, 3]), [
      halfOf(plan),
      kernels * H,
      plan.n2,
    ]),
  );
  return reshape(inverseTransform(ordered, plan, length), [kernels, H, length]);
}

const kernelOperator = exact<{ readonly length: number }>('dplrKernel', (inputs, { length }) =>
  kernelExpression(modelOf(inputs), length),
);

/** A model as the operands of an operator. */
export const operandsOf = ({ lambda, P, B, C, delta }: DplrModel): Tensor[] => [
  ...[lambda, P, B, C].flatMap(({ re, im }) => [re, im]),
  delta,
];

/** The inverse of `operandsOf`. */
export function modelOf(operands: readonly Tensor[]): DplrModel {
  const pair = (i: number): Complex => ({ re: operands[i]!, im: operands[i + 1]! });
  return { lambda: pair(0), P: pair(2), B: pair(4), C: pair(6), delta: operands[8]! };
}

/**
 * K[t] = C dAᵗ dB for t < length, (kernels, H, length), where `C` of the model stands for C (I - dAᴸ) with
 * L = length. Where Λ lies on the imaginary axis a node may lie on a pole, which Woodbury's correction takes away
 * again: `dplrKernelByPowers` is exact there.
 */
export const dplrKernel = (model: DplrModel, length: number): Tensor =>
  kernelOperator(operandsOf(model), { length });
