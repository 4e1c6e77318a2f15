/**
 * @file PNG images, decoded by `pngjs` once their chunks are known to be harmless: a few bytes may state any size, and
 * unpack to any. (Portable Network Graphics, third edition, sections 5 and 11.)
 */
import { inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';

export class PngError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PngError';
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Picture extends Size {
  /** Red, green, blue and opacity of each pixel, row by row. */
  readonly data: Uint8Array;
}

const SIGNATURE = '\x89PNG\r\n\x1a\n';
/** Numbers of a pixel by the type of its colours. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Bits of the widest pixel: four channels of 16. */
const MOST_BITS = 64;

const fail = (message: string): never => {
  throw new PngError(message);
};

/** Size of the image as its header states it; undefined when it has no header of PNG. */
export function sizeOfPng(bytes: Uint8Array): Size | undefined {
  const start = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  if (bytes.length < 33 || start !== SIGNATURE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/**
 * The first picture of a file, which for an animated one is what viewers without animation show.
 * @param bytes whose size the caller has accepted: it decides what is allocated
 * @throws PngError when it is damaged
 */
export function readPng(bytes: Uint8Array): Picture {
  const size = sizeOfPng(bytes);
  if (!size) return fail('it does not begin as a PNG image does');
  const { packed, interlaced } = chunksOf(bytes);
  const unpacked = unpack(packed, size, interlaced);
  // Where pixels end too early the decoder would take what lies in memory for the others.
  if (!interlaced && unpacked < size.height * bytesOfRow(bytes, size.width))
    return fail('pixels are missing');
  try {
    return PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    return fail((error as Error).message);
  }
}

/** Bytes that the pixels unpack to. */
function unpack(packed: readonly Uint8Array[], { width, height }: Size, interlaced: boolean): number {
  // Seven passes over an interlaced image, whose length the decoder does not bound.
  const filters = interlaced ? 7 * (height + 8) : height;
  try {
    return inflateSync(Buffer.concat(packed), { maxOutputLength: filters + (MOST_BITS / 8) * width * height })
      .length;
  } catch (error) {
    return fail(`its pixels cannot be unpacked (${(error as NodeJS.ErrnoException).code ?? 'damaged'})`);
  }
}

/** With its filter; not a number for colours that there are not, which the decoder refuses. */
function bytesOfRow(bytes: Uint8Array, width: number): number {
  const [depth, colours] = bytes.subarray(24, 26) as unknown as [number, number];
  return 1 + Math.ceil((width * (CHANNELS[colours] ?? Number.NaN) * depth) / 8);
}

/** Every chunk is whole, the header comes once; a second one would replace the size. */
function chunksOf(bytes: Uint8Array): { readonly packed: Uint8Array[]; readonly interlaced: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packed: Uint8Array[] = [];
  for (let at = 8, index = 0; ; index++) {
    if (at + 12 > bytes.length) return fail('it is cut off');
    const length = view.getUint32(at);
    if (length > bytes.length - at - 12) return fail('it is cut off');
    const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1');
    if ((type === 'IHDR') !== (index === 0)) return fail('its header is not its first chunk alone');
    if (index === 0 && length !== 13) return fail('its header is damaged');
    if (type === 'IDAT') packed.push(bytes.subarray(at + 8, at + 8 + length));
    if (type === 'IEND') return { packed, interlaced: bytes[28] !== 0 };
    at += 12 + length;
  }
}
