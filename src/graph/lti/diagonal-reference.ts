/** @file The diagonal convolution in float64, by its recurrence. */
import type { Value } from '../types';
import type { DiagonalAttributes } from './diagonal';

interface Modes {
  readonly H: number;
  readonly rows: number;
  readonly L: number;
  readonly N: number;
}

const sizesOf = (u: Value, mode: Value): Modes => {
  const [H, rows, L] = u.shape as [number, number, number];
  return { H, rows, L, N: mode.shape[1]! };
};

/** x ← exp(a) x + u per state, y = Σ Re(w x). */
export function evaluateConvolution(
  [u, aRe, aIm, wRe, wIm, rest]: readonly Value[],
  { ahead }: DiagonalAttributes,
): Value[] {
  const { H, rows, L, N } = sizesOf(u!, aRe!);
  const data = new Float64Array(H * rows * L);
  for (let h = 0; h < H; h++) {
    for (let n = 0; n < N; n++) {
      const at = h * N + n;
      const decay = Math.exp(aRe!.data[at]!);
      const angle = aIm!.data[at]! + (rest?.data[at] ?? 0);
      const [eRe, eIm] = [decay * Math.cos(angle), decay * Math.sin(angle)];
      for (let r = 0; r < rows; r++) {
        const row = (h * rows + r) * L;
        let [re, im] = [0, 0];
        for (let step = 0; step < L; step++) {
          const i = row + (ahead ? L - 1 - step : step);
          [re, im] = [eRe * re - eIm * im + u!.data[i]!, eRe * im + eIm * re];
          data[i]! += wRe!.data[at]! * re - wIm!.data[at]! * im;
        }
      }
    }
  }
  return [{ shape: u!.shape, data }];
}

/** From the kernel's gradient dK[s] = Σ_t dy[t] u[t - s]: dw = Σ dK ē, da = Σ s dK conj(w e) with e = exp(a s). */
export function evaluateModeGradients([u, dy, aRe, aIm, wRe, wIm, rest]: readonly Value[]): Value[] {
  const { H, rows, L, N } = sizesOf(u!, aRe!);
  const found = Array.from({ length: 4 }, () => new Float64Array(H * N));
  const [daRe, daIm, dwRe, dwIm] = found as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let h = 0; h < H; h++) {
    for (let s = 0; s < L; s++) {
      let dK = 0;
      for (let r = 0; r < rows; r++) {
        const row = (h * rows + r) * L;
        for (let t = s; t < L; t++) dK += dy!.data[row + t]! * u!.data[row + t - s]!;
      }
      for (let n = 0; n < N; n++) {
        const at = h * N + n;
        const decay = dK * Math.exp(aRe!.data[at]! * s);
        const angle = (aIm!.data[at]! + (rest?.data[at] ?? 0)) * s;
        const [eRe, eIm] = [decay * Math.cos(angle), -decay * Math.sin(angle)];
        dwRe[at]! += eRe;
        dwIm[at]! += eIm;
        daRe[at]! += s * (eRe * wRe!.data[at]! + eIm * wIm!.data[at]!);
        daIm[at]! += s * (eIm * wRe!.data[at]! - eRe * wIm!.data[at]!);
      }
    }
  }
  return found.map((data) => ({ shape: [H, N], data }));
}
