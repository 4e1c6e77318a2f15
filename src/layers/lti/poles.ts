/** @file Where the eigenvalues of a diagonal state matrix start, and B with them (Gu et al., 2022, S4D, section 4). */
import type { Random } from '../../util/random';
import { normalForm, type ComplexVector } from './hippo';

export type DiagonalInit = 'diag-lin' | 'diag-inv' | 'diag-legs' | 'diag-real' | 'diag-rnd' | 'diag-quad';

/** −Re λ and −Im λ of one state space model, both ≥ 0: N/2 each. */
export interface Poles {
  readonly decay: Float64Array;
  readonly frequency: Float64Array;
}

/** Imaginary parts of B are clipped to this, as the authors do. */
const B_CLIP = 2;

const range = (M: number, f: (n: number) => number): Float64Array =>
  Float64Array.from({ length: M }, (_, n) => f(n));

/** @param random is drawn from by `diag-rnd` alone */
export function startingPoles(init: DiagonalInit, N: number, random: Random): Poles {
  const M = N / 2;
  const half = range(M, () => 0.5);
  switch (init) {
    case 'diag-lin':
      return { decay: half, frequency: range(M, (n) => Math.PI * n) };
    case 'diag-inv':
      return { decay: half, frequency: range(M, (n) => (N / Math.PI) * (N / (2 * n + 1) - 1)) };
    case 'diag-quad':
      return { decay: half, frequency: range(M, (n) => (2 * n + 1) ** 2 / Math.PI) };
    case 'diag-real':
      return { decay: range(M, (n) => n + 1), frequency: new Float64Array(M) };
    case 'diag-rnd':
      return { decay: half, frequency: range(M, () => Math.exp(random.normal())) };
    case 'diag-legs': {
      const { re, im } = normalForm('legs', N, 1).Lambda;
      return { decay: re.map((x) => -x), frequency: im.map((x) => -x) };
    }
  }
}

/** Imaginary parts within ±2. */
export const clipped = ({ re, im }: ComplexVector): ComplexVector => ({
  re,
  im: im.map((x) => Math.min(Math.max(x, -B_CLIP), B_CLIP)),
});

/** B in the eigenbasis: ones but for LegS. */
export function startingB(init: DiagonalInit, N: number): ComplexVector {
  if (init === 'diag-legs') return clipped(normalForm('legs', N, 1).B);
  return { re: range(N / 2, () => 1), im: new Float64Array(N / 2) };
}
