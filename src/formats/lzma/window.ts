/** @file What LZMA has written so far: literals, and matches that repeat it. The output is the dictionary. */
import { fail, HALF, type RangeDecoder } from './range';

const STATES = 12;
const POSITIONS = 16;
/** Most bits that decide the probabilities of a literal: lc + lp ≤ 4 in LZMA2. */
const MOST_LITERAL_BITS = 4;
/** Probabilities of a literal. */
const LITERAL = 0x300;

const table = (count: number): Uint16Array => new Uint16Array(count);

/** Of lengths 2 … 9, 10 … 17 (both by position) and 18 … 273. */
const lengthModel = () => ({ choice: table(2), short: table(2 * POSITIONS * 8), long: table(256) });
type LengthModel = ReturnType<typeof lengthModel>;

const newModel = () => ({
  match: table(STATES * POSITIONS),
  rep: table(STATES),
  /** Whether an earlier distance is the first, the second or the third of the last four. */
  repIs: [table(STATES), table(STATES), table(STATES)] as const,
  rep0Long: table(STATES * POSITIONS),
  slots: table(4 * 64),
  special: table(128),
  align: table(16),
  lengths: lengthModel(),
  repLengths: lengthModel(),
  literals: table(LITERAL << MOST_LITERAL_BITS),
});

export class Window {
  readonly #out: Uint8Array;
  readonly #model = newModel();
  #size = 0;
  /** Where the dictionary begins: nothing before it can be repeated. */
  #start = 0;
  #state = 0;
  /** The last four distances less 1, newest first. */
  #reps = [0, 0, 0, 0];
  #literal = { previousBits: 0, positionMask: 0 };
  #positionMask = 0;

  /** @param size bytes of the whole output */
  constructor(size: number) {
    this.#out = new Uint8Array(size);
  }

  /** @throws LzmaError when it is not full */
  get whole(): Uint8Array {
    return this.#size === this.#out.length ? this.#out : fail('it is cut off');
  }

  resetDictionary(): void {
    this.#start = this.#size;
  }

  resetState(): void {
    const { repIs, lengths, repLengths, ...own } = this.#model;
    const all = [own, lengths, repLengths].flatMap((part): Uint16Array[] => Object.values(part));
    for (const probabilities of [...all, ...repIs]) probabilities.fill(HALF);
    this.#state = 0;
    this.#reps = [0, 0, 0, 0];
  }

  /** @param byte (pb · 5 + lp) · 9 + lc */
  setProperties(byte: number): void {
    const [lc, lp, pb] = [byte % 9, Math.floor(byte / 9) % 5, Math.floor(byte / 45)];
    if (pb > 4 || lc + lp > MOST_LITERAL_BITS) fail('a chunk has properties that do not exist');
    this.#literal = { previousBits: lc, positionMask: (1 << lp) - 1 };
    this.#positionMask = (1 << pb) - 1;
  }

  /** Bytes that are not compressed. */
  copy(bytes: Uint8Array): void {
    if (bytes.length > this.#out.length - this.#size) fail('it is longer than it says');
    this.#out.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** @throws LzmaError when the chunk does not give exactly `size` bytes */
  decode(range: RangeDecoder, size: number): void {
    const end = this.#size + size;
    if (end > this.#out.length) fail('it is longer than it says');
    while (this.#size < end) {
      const position = (this.#size - this.#start) & this.#positionMask;
      if (range.bit(this.#model.match, this.#state * POSITIONS + position) === 0) this.#writeLiteral(range);
      else this.#repeat(this.#matchLength(range, position), end);
    }
    if (!range.finished) fail('a chunk is damaged');
  }

  #writeLiteral(range: RangeDecoder): void {
    const { literals } = this.#model;
    const { previousBits, positionMask } = this.#literal;
    const at = this.#size - this.#start;
    const previous = at > 0 ? this.#out[this.#size - 1]! : 0;
    const from = LITERAL * (((at & positionMask) << previousBits) | (previous >>> (8 - previousBits)));
    let symbol = 1;
    if (this.#state >= 7) {
      // Behind a match, the byte with which it would have gone on says something.
      let expected = this.#back(this.#reps[0]!);
      while (symbol < 0x100) {
        const likely = (expected >>> 7) & 1;
        expected <<= 1;
        const bit = range.bit(literals, from + ((1 + likely) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== likely) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | range.bit(literals, from + symbol);
    this.#out[this.#size++] = symbol & 0xff;
    this.#state = Math.max(0, this.#state - (this.#state < 10 ? 3 : 6));
  }

  /** The length of what is repeated; its distance becomes the newest. */
  #matchLength(range: RangeDecoder, position: number): number {
    const { rep, repIs, rep0Long, lengths, repLengths } = this.#model;
    const state = this.#state;
    const behindLiteral = state < 7;
    if (range.bit(rep, state) === 0) {
      const length = lengthOf(range, lengths, position);
      this.#reps = [this.#distance(range, length), ...this.#reps.slice(0, 3)];
      this.#state = behindLiteral ? 7 : 10;
      return length;
    }
    let which = 0;
    while (which < 3 && range.bit(repIs[which]!, state) === 1) which++;
    if (which === 0 && range.bit(rep0Long, state * POSITIONS + position) === 0) {
      this.#state = behindLiteral ? 9 : 11;
      return 1;
    }
    this.#reps.unshift(...this.#reps.splice(which, 1));
    this.#state = behindLiteral ? 8 : 11;
    return lengthOf(range, repLengths, position);
  }

  #distance(range: RangeDecoder, length: number): number {
    const { slots, special, align } = this.#model;
    const slot = range.tree(slots, 64 * Math.min(length - 2, 3), 6);
    if (slot < 4) return slot;
    const bits = (slot >>> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + range.reverseTree(special, base - slot, bits);
    return base + range.direct(bits - 4) * 16 + range.reverseTree(align, 0, 4);
  }

  #repeat(length: number, end: number): void {
    if (this.#size + length > end) fail('a chunk is damaged');
    const distance = this.#reps[0]!;
    for (let i = 0; i < length; i++) {
      this.#out[this.#size] = this.#back(distance);
      this.#size++;
    }
  }

  #back(distance: number): number {
    if (distance >= this.#size - this.#start) fail('it repeats what it never had');
    return this.#out[this.#size - 1 - distance]!;
  }
}

function lengthOf(range: RangeDecoder, { choice, short, long }: LengthModel, position: number): number {
  if (range.bit(choice, 0) === 0) return 2 + range.tree(short, 8 * position, 3);
  if (range.bit(choice, 1) === 0) return 10 + range.tree(short, 8 * (POSITIONS + position), 3);
  return 18 + range.tree(long, 0, 8);
}
