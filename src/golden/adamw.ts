/** @file AdamW (Loshchilov & Hutter, 2019) on plain arrays, in PyTorch's order: decay, moments, update. */

export class AdamW {
  readonly #betas: readonly [number, number];
  readonly #eps: number;
  readonly #weightDecay: number;
  readonly #moments = new Map<string, { first: Float64Array; second: Float64Array }>();

  constructor(options: { betas: readonly [number, number]; eps: number; weightDecay: number }) {
    this.#betas = options.betas;
    this.#eps = options.eps;
    this.#weightDecay = options.weightDecay;
  }

  /**
   * Updates `values` in place.
   * @param at `rate` of this step, `scale` of the gradient (clipping), `step` from 1, whether weights decay
   */
  update(
    name: string,
    values: Float32Array | Float64Array,
    gradient: ArrayLike<number>,
    at: { readonly rate: number; readonly scale: number; readonly step: number; readonly decay: boolean },
  ): void {
    const [beta1, beta2] = this.#betas;
    const size = values.length;
    const moments = this.#moments.get(name) ?? {
      first: new Float64Array(size),
      second: new Float64Array(size),
    };
    this.#moments.set(name, moments);
    const kept = at.decay ? 1 - at.rate * this.#weightDecay : 1;
    const stepSize = at.rate / (1 - beta1 ** at.step);
    const correction = Math.sqrt(1 - beta2 ** at.step);
    for (let i = 0; i < size; i++) {
      const slope = gradient[i]! * at.scale;
      const first = (moments.first[i] = beta1 * moments.first[i]! + (1 - beta1) * slope);
      const second = (moments.second[i] = beta2 * moments.second[i]! + (1 - beta2) * slope * slope);
      values[i] = values[i]! * kept - (stepSize * first) / (Math.sqrt(second) / correction + this.#eps);
    }
  }
}
