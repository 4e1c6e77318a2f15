/** @file LZMA's binary range decoder, and the probabilities that it adapts. */

export class LzmaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LzmaError';
  }
}

export const fail = (message: string): never => {
  throw new LzmaError(message);
};

/** One half in 11 bits: what every probability starts from. */
export const HALF = 1024;
/** Below this the range takes in another byte. */
const SMALL = 2 ** 24;

/** Over the bytes of one chunk. */
export class RangeDecoder {
  #range = 0xffffffff;
  #code = 0;
  #at: number;

  /** @throws LzmaError when the chunk is too short */
  constructor(
    readonly bytes: Uint8Array,
    from: number,
    readonly end: number,
  ) {
    if (from + 5 > end || bytes[from] !== 0) fail('a chunk is damaged');
    this.#at = from + 1;
    for (let i = 0; i < 4; i++) this.#code = ((this.#code << 8) | bytes[this.#at++]!) >>> 0;
  }

  /** Every byte is used, and nothing is left. */
  get finished(): boolean {
    return this.#at === this.end && this.#code === 0;
  }

  /** @param at which probability of a 0 decides; it is adapted */
  bit(probabilities: Uint16Array, at: number): 0 | 1 {
    const p = probabilities[at]!;
    const bound = (this.#range >>> 11) * p;
    const one = this.#code >= bound ? 1 : 0;
    if (one) {
      this.#range -= bound;
      this.#code -= bound;
      probabilities[at] = p - (p >>> 5);
    } else {
      this.#range = bound;
      probabilities[at] = p + ((2048 - p) >>> 5);
    }
    this.#fill();
    return one;
  }

  /** Bits from a tree of probabilities, the highest first. */
  tree(probabilities: Uint16Array, from: number, bits: number): number {
    let node = 1;
    for (let i = 0; i < bits; i++) node = (node << 1) | this.bit(probabilities, from + node);
    return node - (1 << bits);
  }

  /** The same, the lowest first. */
  reverseTree(probabilities: Uint16Array, from: number, bits: number): number {
    let [node, value] = [1, 0];
    for (let i = 0; i < bits; i++) {
      const one = this.bit(probabilities, from + node);
      node = (node << 1) | one;
      value |= one << i;
    }
    return value;
  }

  /** Bits that are as likely 0 as 1, the highest first. */
  direct(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      this.#range >>>= 1;
      const one = this.#code >= this.#range ? 1 : 0;
      if (one) this.#code -= this.#range;
      value = 2 * value + one;
      this.#fill();
    }
    return value;
  }

  #fill(): void {
    if (this.#range >= SMALL) return;
    if (this.#at >= this.end) fail('a chunk is cut off');
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.bytes[this.#at++]!) >>> 0;
  }
}
