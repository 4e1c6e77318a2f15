/**
 * @file The .xz container around LZMA2: streams of blocks, each with a check of what comes out. Decoding only; filters
 * for machine code are refused. (Collin, "The .xz File Format", version 1.2.1.)
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { concatenated } from '../../util/concatenate';
import { decodeLzma2, measureLzma2 } from './index';
import { crc64 } from './crc64';
import { fail } from './range';

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0];
const LZMA2 = 0x21;
/** Bytes of a check by its number. */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const;

export const isXz = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

/**
 * @param most bytes that may come out
 * @throws LzmaError when it is damaged, larger, or packed in a way that is not read
 */
export function decodeXz(bytes: Uint8Array, most: number): Uint8Array {
  const reader = new Reader(bytes);
  const parts: Uint8Array[] = [];
  let total = 0;
  while (!reader.done) {
    for (const part of stream(reader, () => most - total)) {
      parts.push(part);
      total += part.length;
    }
    reader.skipZeros();
  }
  return concatenated(Uint8Array, parts);
}

/** The content of one stream, block by block. */
function* stream(reader: Reader, left: () => number): Generator<Uint8Array> {
  if (!isXz(reader.rest())) fail('it is no .xz');
  reader.take(MAGIC.length);
  const flags = reader.take(2);
  const check = flags[1]!;
  if (flags[0] !== 0 || check > 15) fail('its header has unknown flags');
  reader.checked(flags);
  const blocks: [packed: number, plain: number][] = [];
  for (;;) {
    const start = reader.at;
    if (reader.next() === 0) break;
    header(reader);
    const content = reader.rest();
    const { packed, plain } = measureLzma2(content);
    if (plain > left()) fail(`it unpacks to more than ${left()} bytes`);
    const part = decodeLzma2(content.subarray(0, packed), plain);
    reader.take(packed);
    reader.pad(start);
    verify(part, check, reader.take(CHECK_SIZES[check]!));
    const padding = (4 - (packed % 4)) % 4;
    blocks.push([reader.at - start - padding, plain]);
    yield part;
  }
  index(reader, blocks);
  const footer = reader.take(12);
  if (footer[10] !== 0x59 || footer[11] !== 0x5a || footer[8] !== flags[0] || footer[9] !== flags[1])
    fail('its end is damaged');
}

/** The header of a block, whose only filter has to be LZMA2. */
function header(reader: Reader): void {
  const size = 4 * (reader.next() + 1) - 4;
  const bytes = reader.take(size);
  reader.checked(bytes);
  const inner = new Reader(bytes.subarray(2));
  const flags = bytes[1]!;
  if ((flags & 0x3c) !== 0) fail('a block has unknown flags');
  // Sizes may be told here; the chunks say them too.
  if ((flags & 0x40) !== 0) inner.number();
  if ((flags & 0x80) !== 0) inner.number();
  if ((flags & 3) !== 0 || inner.number() !== LZMA2) fail('a filter besides LZMA2 is not read');
}

/** What the blocks were, once more: an end that is cut off or exchanged does not go unnoticed. */
function index(reader: Reader, blocks: readonly (readonly [number, number])[]): void {
  const start = reader.at;
  reader.take(1);
  const told = [reader.number(), ...blocks.flatMap(() => [reader.number(), reader.number()])];
  const found = [blocks.length, ...blocks.flat()];
  if (told.some((value, i) => value !== found[i])) fail('its index is not that of its blocks');
  reader.pad(start);
  reader.checked(reader.bytes.subarray(start, reader.at));
}

function verify(part: Uint8Array, check: number, told: Uint8Array): void {
  const little = (value: number): number[] => [0, 8, 16, 24].map((bits) => (value >>> bits) & 255);
  let found: ArrayLike<number> | undefined;
  if (check === 1) found = little(crc32(part));
  if (check === 4) found = crc64(part).flatMap(little);
  if (check === 10) found = createHash('sha256').update(part).digest();
  if (found && told.some((byte, i) => byte !== found[i])) fail('what it unpacks to does not fit its check');
}

class Reader {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  rest = (): Uint8Array => this.bytes.subarray(this.at);

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) fail('it is cut off');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** The byte that comes next. */
  next(): number {
    return this.bytes[this.at] ?? fail('it is cut off');
  }

  /** A number in groups of seven bits, the lowest first. */
  number(): number {
    let value = 0;
    for (let group = 0; group < 9; group++) {
      const [byte] = this.take(1) as unknown as [number];
      value += (byte & 127) * 128 ** group;
      if (byte < 128) return Number.isSafeInteger(value) ? value : fail('a number is too large');
    }
    return fail('a number is too large');
  }

  /** Zeros up to a multiple of four bytes behind `start`. */
  pad(start: number): void {
    while ((this.at - start) % 4 !== 0) if (this.take(1)[0] !== 0) fail('its padding is damaged');
  }

  /** The CRC-32 of what came before. */
  checked(before: Uint8Array): void {
    const told = this.take(4);
    if (new DataView(told.buffer, told.byteOffset, 4).getUint32(0, true) !== crc32(before) >>> 0)
      fail('a header is damaged');
  }

  /** Between streams and behind the last. */
  skipZeros(): void {
    while (!this.done && this.bytes[this.at] === 0) this.at++;
  }
}
