/**
 * @file MambaLRP (Jafari et al. 2024, arXiv 2406.07592) of one block, in matrix form: relevance flows through the
 * scan's input and the skip, with Δ, B, C held, SiLU(v) = v · const, and half of every product with the gate to each
 * factor. R = ½ x ∘ (J_xᵀ c) + ½ x ∘ (J_zᵀ c); without biases it sums to the explained scalar exactly.
 */

export interface LrpBlock {
  readonly length: number;
  readonly channels: number;
  readonly d_model: number;
  /** Block input (time, d_model) and the weights of the explained scalar Σ cotangent · y, likewise. */
  readonly x: ArrayLike<number>;
  readonly cotangent: ArrayLike<number>;
  /** G of every channel (i, j), gate included. */
  readonly matrices: readonly ArrayLike<number>[];
  /** Scan output with the skip, before the gate (time, channel). */
  readonly y: ArrayLike<number>;
  /** z before the activation (time, channel). */
  readonly z: ArrayLike<number>;
  /** (2 · channel, d_model): rows of x, then rows of z. */
  readonly in_proj: ArrayLike<number>;
  /** (d_model, channel) */
  readonly out_proj: ArrayLike<number>;
}

/** Relevance of every input entry (time, d_model). */
export function mambaLrp(block: LrpBlock): Float64Array {
  const { length, channels, d_model, x, cotangent, matrices, y, z, in_proj, out_proj } = block;
  // c at the input of out_proj, then back through both branches to the rows of in_proj.
  const back = new Float64Array(length * 2 * channels);
  for (let i = 0; i < length; i++) {
    for (let e = 0; e < channels; e++) {
      let c = 0;
      for (let d = 0; d < d_model; d++) c += cotangent[i * d_model + d]! * out_proj[d * channels + e]!;
      const matrix = matrices[e]!;
      for (let j = 0; j < length; j++) back[j * 2 * channels + e]! += c * matrix[i * length + j]!;
      const ratio = 1 / (1 + Math.exp(-z[i * channels + e]!));
      back[i * 2 * channels + channels + e] = c * y[i * channels + e]! * ratio;
    }
  }
  const out = new Float64Array(length * d_model);
  for (let j = 0; j < length; j++) {
    for (let d = 0; d < d_model; d++) {
      let sum = 0;
      for (let e = 0; e < 2 * channels; e++) sum += back[j * 2 * channels + e]! * in_proj[e * d_model + d]!;
      out[j * d_model + d] = 0.5 * x[j * d_model + d]! * sum;
    }
  }
  return out;
}

/** a ∘ b, and its sum over the last axis: gradient × input and its value per token. */
export function timesInput(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  width: number,
): { entries: Float64Array; perToken: Float64Array } {
  const entries = Float64Array.from(a, (value, i) => value * b[i]!);
  return { entries, perToken: sumRows(entries, width) };
}

export const sumRows = (values: ArrayLike<number>, width: number): Float64Array =>
  Float64Array.from({ length: values.length / width }, (_, row) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += values[row * width + k]!;
    return sum;
  });
