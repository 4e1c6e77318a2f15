/**
 * @file Counter-based random numbers (Philox 4x32-10, Salmon et al., SC 2011).
 *
 * A stream is a pure function of (seed, names): the weights of `layers.3.mixer.in_proj` do not change when a
 * layer is added before it, and the batch of step 4,711 can be drawn without drawing the 4,710 before it. That
 * is what makes a resumed run equal an uninterrupted one bit for bit.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** High and low 32 bits of a 32 x 32 bit product. */
function multiply(a: number, b: number): [high: number, low: number] {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const middle2 = aLow * bHigh + (middle & 0xffff);
  const high = aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(middle2 / 65536);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}

/** One Philox block: four 32-bit words from a 128-bit counter and a 64-bit key. */
export function philox(
  counter: readonly number[],
  key: readonly [number, number],
): [number, number, number, number] {
  let c0 = counter[0]! >>> 0;
  let c1 = counter[1]! >>> 0;
  let c2 = counter[2]! >>> 0;
  let c3 = counter[3]! >>> 0;
  let k0 = key[0] >>> 0;
  let k1 = key[1] >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const [high0, low0] = multiply(MULTIPLIER_0, c0);
    const [high1, low1] = multiply(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

const FNV_BASIS = 0x811c9dc5;

/** FNV-1a, 32 bits: turns a stream's name into a counter word. Another basis gives an independent word. */
export function hashName(name: string, basis: number = FNV_BASIS): number {
  let hash = basis;
  for (const byte of new TextEncoder().encode(name)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}

/** A stream of random numbers, fully determined by its seed and its names. */
export class Random {
  readonly #key: [number, number];
  readonly #stream: [number, number];
  #block = 0;
  #words: number[] = [];
  #spareNormal: number | undefined;

  /**
   * @param seed the run's seed, a non-negative integer below 2^53
   * @param names what the numbers are for, for example `('batch', step)`
   */
  constructor(seed: number, ...names: (string | number)[]) {
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    const name = names.join('\u0000');
    // Two words, so that 100,000 batches do not meet the birthday bound of one.
    this.#stream = [hashName(name), hashName(name, WEYL_0)];
  }

  /** A uniform 32-bit integer. */
  uint32(): number {
    if (this.#words.length === 0) {
      const high = Math.floor(this.#block / 2 ** 32);
      this.#words = philox([this.#block >>> 0, high, ...this.#stream], this.#key).reverse();
      this.#block++;
    }
    return this.#words.pop()!;
  }

  /** Uniform in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform integer in [0, bound), without modulo bias. */
  integer(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`integer(bound): bound must be in 1 … 2^32, got ${bound}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const word = this.uint32();
      if (word < limit) return word % bound;
    }
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** `count` distinct integers from [0, bound), in increasing order (Floyd's algorithm). */
  choose(count: number, bound: number): number[] {
    if (count > bound) throw new RangeError(`choose: ${count} of ${bound} is not possible`);
    const chosen = new Set<number>();
    for (let j = bound - count; j < bound; j++) {
      const t = this.integer(j + 1);
      chosen.add(chosen.has(t) ? j : t);
    }
    return [...chosen].sort((a, b) => a - b);
  }

  /** A random permutation of 0 … n-1 (Fisher–Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const t = order[i]!;
      order[i] = order[j]!;
      order[j] = t;
    }
    return order;
  }
}
