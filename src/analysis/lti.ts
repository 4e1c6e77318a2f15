/**
 * @file A time-invariant diagonal state space layer as what it is, a bank of filters: kernel in time and frequency,
 * eigenvalues, half-lives, energy. K[t] = 2 Re Σₙ Cₙ bₙ aₙᵗ with a = exp(Δ A), b = (a − 1)/A · B (zero-order hold).
 * Complex values are pairs (re, im).
 */

export interface Modes {
  readonly count: number;
  /** Continuous eigenvalues A (mode, 2); their conjugates are implied. */
  readonly A: ArrayLike<number>;
  /** Step size. */
  readonly dt: number;
  /** C · B of every mode (mode, 2). */
  readonly C: ArrayLike<number>;
}

type Complex = readonly [re: number, im: number];
const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const over = ([a, b]: Complex, [c, d]: Complex): Complex => {
  const size = c * c + d * d;
  return [(a * c + b * d) / size, (b * c - a * d) / size];
};
const at = (values: ArrayLike<number>, n: number): Complex => [values[2 * n]!, values[2 * n + 1]!];

/** exp(Δ A) (mode, 2): inside the unit circle where the layer is stable. */
export function discreteEigenvalues({ count, A, dt }: Modes): Float64Array {
  const out = new Float64Array(2 * count);
  for (let n = 0; n < count; n++) {
    const [re, im] = at(A, n);
    const size = Math.exp(dt * re);
    out[2 * n] = size * Math.cos(dt * im);
    out[2 * n + 1] = size * Math.sin(dt * im);
  }
  return out;
}

/** Residues C b (mode, 2): a pole with a tiny one does not matter. */
export function residues(modes: Modes): Float64Array {
  const a = discreteEigenvalues(modes);
  const out = new Float64Array(2 * modes.count);
  for (let n = 0; n < modes.count; n++) {
    const [re, im] = at(modes.A, n);
    // (exp(Δ A) − 1)/A tends to Δ where A is zero.
    const b: Complex =
      Math.hypot(re, im) * modes.dt < 1e-12 ? [modes.dt, 0] : over([a[2 * n]! - 1, a[2 * n + 1]!], [re, im]);
    const [x, y] = times(at(modes.C, n), b);
    out[2 * n] = x;
    out[2 * n + 1] = y;
  }
  return out;
}

/** Steps after which a mode has halved: ln 2 / (−Re A Δ). */
export const modeHalfLife = ({ count, A, dt }: Modes): Float64Array =>
  Float64Array.from({ length: count }, (_, n) => Math.LN2 / (-A[2 * n]! * dt));

/** Steps per oscillation, 2π / |arg exp(Δ A)|; ∞ for a mode that does not turn. */
export function modePeriod(modes: Modes): Float64Array {
  const a = discreteEigenvalues(modes);
  return Float64Array.from({ length: modes.count }, (_, n) => {
    const angle = Math.abs(Math.atan2(a[2 * n + 1]!, a[2 * n]!));
    return angle === 0 ? Infinity : (2 * Math.PI) / angle;
  });
}

/** K[0 … length − 1] from residues and discrete eigenvalues, each mode with its conjugate. */
export function kernel(modes: Modes, length: number): Float64Array {
  const out = new Float64Array(length);
  for (let n = 0; n < modes.count; n++)
    modeKernel(modes, n, length).forEach((value, t) => (out[t]! += value));
  return out;
}

/** What one mode and its conjugate add to the kernel. */
export function modeKernel(modes: Modes, n: number, length: number): Float64Array {
  const [re, im] = at(residues(modes), n);
  const [rate, turn] = at(modes.A, n);
  return Float64Array.from({ length }, (_, t) => {
    const size = 2 * Math.exp(modes.dt * rate * t);
    const angle = modes.dt * turn * t;
    return size * (re * Math.cos(angle) - im * Math.sin(angle));
  });
}

/** Σ_t K[t] e^{−iωt} of the infinite kernel (frequency, 2), ω in radians per step. */
export function frequencyResponse(modes: Modes, omega: ArrayLike<number>): Float64Array {
  const a = discreteEigenvalues(modes);
  const r = residues(modes);
  const out = new Float64Array(2 * omega.length);
  for (let k = 0; k < omega.length; k++) {
    const turn: Complex = [Math.cos(omega[k]!), -Math.sin(omega[k]!)];
    for (let n = 0; n < modes.count; n++) {
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

/** Σ over all t ≥ 0 of K²: the square of the H2 norm. */
export function energy(modes: Modes): number {
  const a = discreteEigenvalues(modes);
  const r = residues(modes);
  let total = 0;
  // Σ_{m,n} r_m conj(r_n) / (1 − a_m conj(a_n)) over the modes and their conjugates.
  for (let m = 0; m < modes.count; m++) {
    for (let n = 0; n < modes.count; n++) {
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
  return Float64Array.from(kernelValues, (value) => (sum += value * value) / total);
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
  return Float64Array.from({ length: points }, (_, p) => {
    const omega = (Math.PI * p) / Math.max(1, points - 1);
    let re = 0;
    let im = 0;
    for (let k = 0; k < taps.length; k++) {
      re += taps[k]! * Math.cos(omega * k);
      im -= taps[k]! * Math.sin(omega * k);
    }
    return Math.hypot(re, im);
  });
}
