/**
 * @file Implicit attention of a whole block, convolution and gate included (Zimerman, Ali, Wolf, arXiv 2405.16504):
 * G = diag(out) (alpha + D I) diag(rho(v)) T, with rho(v) = silu(v)/v = sigmoid(v), T the convolution's band matrix,
 * and `out` what multiplies the scan's output (gate, norm scale and weight). All factors are held at their values for
 * this input: an exact decomposition of the output, not a derivative.
 */

export interface Convolution {
  /** (channel, tap), oldest tap first. */
  readonly weight: ArrayLike<number>;
  readonly bias?: ArrayLike<number> | undefined;
  readonly taps: number;
  /** Taps before the token itself; taps − 1 for a causal convolution, ⌊taps/2⌋ for a centred one. */
  readonly before: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** v = conv(x) + bias of one channel (time). @param x (time, channel) */
export function convolved(
  x: ArrayLike<number>,
  length: number,
  channels: number,
  channel: number,
  { weight, bias, taps, before }: Convolution,
): Float64Array {
  return Float64Array.from({ length }, (_, t) => {
    let sum = bias ? bias[channel]! : 0;
    for (let k = 0; k < taps; k++) {
      const s = t + k - before;
      if (s >= 0 && s < length) sum += weight[channel * taps + k]! * x[s * channels + channel]!;
    }
    return sum;
  });
}

/**
 * G of one channel (i, j), acting on the convolution's input, and what the convolution's bias adds (time).
 * @param alpha the mixing matrix (i, j), without D
 * @param v the convolution's output before the activation (time)
 * @param out factors behind the scan (time)
 */
export function implicitAttention(parts: {
  readonly length: number;
  readonly channel: number;
  readonly alpha: ArrayLike<number>;
  readonly D: number;
  readonly v: ArrayLike<number>;
  readonly out: ArrayLike<number>;
  readonly convolution: Convolution;
}): { matrix: Float64Array; bias: Float64Array } {
  const { length, channel, alpha, D, v, out, convolution } = parts;
  const { weight, bias, taps, before } = convolution;
  const matrix = new Float64Array(length * length);
  const added = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    for (let s = 0; s < length; s++) {
      const entry = alpha[i * length + s]! + (i === s ? D : 0);
      if (entry === 0) continue;
      const scaled = out[i]! * entry * sigmoid(v[s]!);
      if (bias) added[i]! += scaled * bias[channel]!;
      for (let k = 0; k < taps; k++) {
        const j = s + k - before;
        if (j >= 0 && j < length) matrix[i * length + j]! += scaled * weight[channel * taps + k]!;
      }
    }
  }
  return { matrix, bias: added };
}

/**
 * ‖J[i,j]‖_F of the map from token j of the block's input to token i of its output,
 * J[i,j] = Σ_e W_out[:,e] G_e[i,j] W_x[e,:], without forming J: ‖J‖² = Σ_{e,f} G_e M_ef G_f,
 * M = (W_outᵀ W_out) ∘ (W_x W_xᵀ).
 * @param matrices G of every channel, or of every group of channels in a row that share one
 * @param W_out (d_model, channel); @param W_x (channel, d_model)
 */
export function blockNorm(
  matrices: readonly ArrayLike<number>[],
  length: number,
  W_out: ArrayLike<number>,
  W_x: ArrayLike<number>,
  d_model: number,
): Float64Array {
  const channels = W_x.length / d_model;
  const count = matrices.length;
  const groupOf = (e: number): number => Math.floor((e * count) / channels);
  const M = new Float64Array(count * count);
  for (let e = 0; e < channels; e++) {
    for (let f = 0; f <= e; f++) {
      let a = 0;
      let b = 0;
      for (let d = 0; d < d_model; d++) {
        a += W_out[d * channels + e]! * W_out[d * channels + f]!;
        b += W_x[e * d_model + d]! * W_x[f * d_model + d]!;
      }
      M[groupOf(e) * count + groupOf(f)]! += a * b;
      if (f < e) M[groupOf(f) * count + groupOf(e)]! += a * b;
    }
  }
  return Float64Array.from({ length: length * length }, (_, ij) => {
    let sum = 0;
    for (let e = 0; e < count; e++) {
      const ge = matrices[e]![ij]!;
      if (ge === 0) continue;
      for (let f = 0; f < count; f++) sum += ge * M[e * count + f]! * matrices[f]![ij]!;
    }
    return Math.sqrt(Math.max(0, sum));
  });
}

/** 1/√(mean of x² over the group + eps) per token and group (time, group). @param x (time, channel) */
export function rmsScale(
  x: ArrayLike<number>,
  length: number,
  channels: number,
  groups: number,
  eps: number,
): Float64Array {
  const width = channels / groups;
  return Float64Array.from({ length: length * groups }, (_, i) => {
    const at = Math.floor(i / groups) * channels + (i % groups) * width;
    let sum = 0;
    for (let c = 0; c < width; c++) sum += x[at + c]! ** 2;
    return 1 / Math.sqrt(sum / width + eps);
  });
}
