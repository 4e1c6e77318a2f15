/**
 * @file H3 as attention (Fu, Dao et al. 2022, arXiv 2212.14052): score q · k~ times the Toeplitz matrix of the diagonal
 * SSM, k~ being the shift SSM of k. Channels of q and k are head-major, those of the values and the output value-major.
 */

export interface H3Tensors {
  readonly length: number;
  readonly heads: number;
  readonly headDim: number;
  /** (time, head · headDim) each, after their projections; k before the shift SSM. */
  readonly q: ArrayLike<number>;
  readonly k: ArrayLike<number>;
  readonly v: ArrayLike<number>;
}

/** κ[t] = Σⱼ C[t+j] B[j] for t < N per channel (channel, N): the kernel of the shift SSM. */
export function shiftKernel(C: ArrayLike<number>, B: ArrayLike<number>, channels: number): Float64Array {
  const N = C.length / channels;
  const out = new Float64Array(channels * N);
  for (let c = 0; c < channels; c++)
    for (let t = 0; t < N; t++)
      for (let j = 0; t + j < N; j++) out[c * N + t]! += C[c * N + t + j]! * B[c * N + j]!;
  return out;
}

/** k~ = k * κ + D k (time, channel). */
export function shifted(
  k: ArrayLike<number>,
  length: number,
  kernel: ArrayLike<number>,
  D: ArrayLike<number>,
): Float64Array {
  const channels = D.length;
  const N = kernel.length / channels;
  return Float64Array.from({ length: length * channels }, (_, i) => {
    const [t, c] = [Math.floor(i / channels), i % channels];
    let sum = D[c]! * k[i]!;
    for (let s = 0; s < N && s <= t; s++) sum += kernel[c * N + s]! * k[(t - s) * channels + c]!;
    return sum;
  });
}

/** q_t · k~_s of a head (t, s), not masked. */
export function score(
  { length, heads, headDim, q }: H3Tensors,
  key: ArrayLike<number>,
  head: number,
): Float64Array {
  const channels = heads * headDim;
  return Float64Array.from({ length: length * length }, (_, ts) => {
    const [t, s] = [Math.floor(ts / length), ts % length];
    let sum = 0;
    for (let i = 0; i < headDim; i++)
      sum += q[t * channels + head * headDim + i]! * key[s * channels + head * headDim + i]!;
    return sum;
  });
}
