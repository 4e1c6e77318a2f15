/**
 * @file A time-invariant diagonal state space layer as what it is, a bank of filters: kernel in time and frequency,
 * eigenvalues, half-lives, energy. K[t] = 2 Re Σₙ rₙ aₙᵗ with poles a and residues r = C b. Complex values are pairs
 * (re, im); every mode stands for itself and its conjugate.
 */
import { over, times, at, type Complex } from './linear/complex';

/** Discrete time: inside the unit circle where the layer is stable. */
export interface Poles {
  /** a (mode, 2). */
  readonly a: ArrayLike<number>;
  /** Residues C b (mode, 2): a pole with a tiny one does not matter. */
  readonly r: ArrayLike<number>;
}

/** Continuous time. */
export interface Modes {
  /** Eigenvalues A (mode, 2). */
  readonly A: ArrayLike<number>;
  /** C · B of every mode (mode, 2). */
  readonly C: ArrayLike<number>;
  /** Step size. */
  readonly dt: number;
}

export type Discretisation = 'zoh' | 'bilinear';

/** exp(Δ A), or (1 + Δ A/2)/(1 − Δ A/2). */
export function discretePole([re, im]: Complex, dt: number, disc: Discretisation): Complex {
  if (disc === 'bilinear')
    return over([1 + (dt * re) / 2, (dt * im) / 2], [1 - (dt * re) / 2, (-dt * im) / 2]);
  const size = Math.exp(dt * re);
  return [size * Math.cos(dt * im), size * Math.sin(dt * im)];
}

/**
 * Zero-order hold: a = exp(Δ A), b = (a − 1)/A; bilinear: a = (1 + Δ A/2)/(1 − Δ A/2), b = Δ/(1 − Δ A/2).
 */
export function discreteModes({ A, C, dt }: Modes, disc: Discretisation = 'zoh'): Poles {
  const a = new Float64Array(A.length);
  const r = new Float64Array(A.length);
  for (let n = 0; n < A.length / 2; n++) {
    const [re, im] = at(A, n);
    const pole = discretePole([re, im], dt, disc);
    let b: Complex;
    if (disc === 'bilinear') b = over([dt, 0], [1 - (dt * re) / 2, (-dt * im) / 2]);
    // (exp(Δ A) − 1)/A tends to Δ where A is zero.
    else b = Math.hypot(re, im) * dt < 1e-12 ? [dt, 0] : over([pole[0] - 1, pole[1]], [re, im]);
    a.set(pole, 2 * n);
    r.set(times(at(C, n), b), 2 * n);
  }
  return { a, r };
}

/** Steps after which a mode has halved, ln 2 / −ln |a|; ∞ for one that does not decay, negative for one that grows. */
export const poleHalfLife = ({ a }: Pick<Poles, 'a'>): Float64Array =>
  Float64Array.from({ length: a.length / 2 }, (_, n) => {
    const rate = -Math.log(Math.hypot(a[2 * n]!, a[2 * n + 1]!));
    return rate === 0 ? Infinity : Math.LN2 / rate;
  });

/** Steps per oscillation, 2π / |arg a|; ∞ for a mode that does not turn. */
export const polePeriod = ({ a }: Pick<Poles, 'a'>): Float64Array =>
  Float64Array.from({ length: a.length / 2 }, (_, n) => {
    const angle = Math.abs(Math.atan2(a[2 * n + 1]!, a[2 * n]!));
    return angle === 0 ? Infinity : (2 * Math.PI) / angle;
  });

/** K[0 … length − 1]. */
export function kernel(poles: Poles, length: number): Float64Array {
  const out = new Float64Array(length);
  for (let n = 0; n < poles.a.length / 2; n++)
    modeKernel(poles, n, length).forEach((value, t) => (out[t]! += value));
  return out;
}

/** What one mode and its conjugate add to the kernel. */
export function modeKernel({ a, r }: Poles, n: number, length: number): Float64Array {
  const [x, y] = at(a, n);
  const [re, im] = at(r, n);
  const rate = Math.log(Math.hypot(x, y));
  const turn = Math.atan2(y, x);
  return Float64Array.from({ length }, (_, t) => {
    const size = t === 0 ? 2 : 2 * Math.exp(rate * t);
    return size * (re * Math.cos(turn * t) - im * Math.sin(turn * t));
  });
}

/** Σ_t K[t] e^{−iωt} of the infinite kernel (frequency, 2), ω in radians per step. */
export function frequencyResponse({ a, r }: Poles, omega: ArrayLike<number>): Float64Array {
  const out = new Float64Array(2 * omega.length);
  for (let k = 0; k < omega.length; k++) {
    const turn: Complex = [Math.cos(omega[k]!), -Math.sin(omega[k]!)];
    for (let n = 0; n < a.length / 2; n++) {
      for (const sign of [1, -1]) {
        const [x, y] = times([a[2 * n]!, sign * a[2 * n + 1]!], turn);
        const [re, im] = over([r[2 * n]!, sign * r[2 * n + 1]!], [1 - x, -y]);
        out[2 * k]! += re;
        out[2 * k + 1]! += im;
      }
    }
  }
  return out;
}

/** The same of the taps that are there. */
export function finiteResponse(taps: ArrayLike<number>, omega: ArrayLike<number>): Float64Array {
  const out = new Float64Array(2 * omega.length);
  for (let k = 0; k < omega.length; k++) {
    for (let t = 0; t < taps.length; t++) {
      out[2 * k]! += taps[t]! * Math.cos(omega[k]! * t);
      out[2 * k + 1]! -= taps[t]! * Math.sin(omega[k]! * t);
    }
  }
  return out;
}

/** Σ over all t ≥ 0 of K²: the square of the H2 norm. */
export function energy({ a, r }: Poles): number {
  let total = 0;
  // Σ_{m,n} r_m conj(r_n) / (1 − a_m conj(a_n)) over the modes and their conjugates.
  for (let m = 0; m < a.length / 2; m++) {
    for (let n = 0; n < a.length / 2; n++) {
      for (const sign of [1, -1]) {
        const an: Complex = [a[2 * n]!, -sign * a[2 * n + 1]!];
        const rn: Complex = [r[2 * n]!, -sign * r[2 * n + 1]!];
        const [x, y] = times(at(a, m), an);
        total += 2 * over(times(at(r, m), rn), [1 - x, -y])[0];
      }
    }
  }
  return total;
}

/** Σ_{k≤t} K² over the infinite sum (time). */
export function energyFraction(kernelValues: ArrayLike<number>, total: number): Float64Array {
  let sum = 0;
  return Float64Array.from(kernelValues, (value) => (total > 0 ? (sum += value * value) / total : 0));
}

/** T[i,j] = K[i − j] for j ≤ i, with D on the diagonal (i, j). */
export function toeplitz(kernelValues: ArrayLike<number>, D = 0, length = kernelValues.length): Float64Array {
  const out = new Float64Array(length * length);
  for (let i = 0; i < length; i++)
    for (let j = 0; j <= i; j++)
      out[i * length + j] = (i - j < kernelValues.length ? kernelValues[i - j]! : 0) + (i === j ? D : 0);
  return out;
}

/** |Σ_k w_k e^{−iωk}| of a finite kernel at equally spaced ω in 0 … π. */
export function gain(taps: ArrayLike<number>, points: number): Float64Array {
  const omega = Float64Array.from({ length: points }, (_, p) => (Math.PI * p) / Math.max(1, points - 1));
  const response = finiteResponse(taps, omega);
  return omega.map((_, p) => Math.hypot(response[2 * p]!, response[2 * p + 1]!));
}
