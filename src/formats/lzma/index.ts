/**
 * @file LZMA2 without a container, as R packs the data of its own packages: chunks of LZMA, or of plain bytes, that
 * may reset what those before have learned. Decoding only. (Pavlov, "LZMA Specification", 2015; XZ Utils, lzma2_decoder.)
 */
import { fail, RangeDecoder } from './range';
import { Window } from './window';

export { LzmaError } from './range';

/** Where chunks end and how many bytes come out of them, read from their headers. */
export function measureLzma2(bytes: Uint8Array): { readonly packed: number; readonly plain: number } {
  const chunks = chunksOf(bytes);
  const plain = chunks.reduce((sum, chunk) => sum + chunk.plain, 0);
  // One byte says that no chunk follows.
  return { packed: (chunks.at(-1)?.to ?? 0) + 1, plain };
}

/**
 * @param size bytes that come out; the chunks must say the same before anything of that size is allocated
 * @throws LzmaError when it is damaged
 */
export function decodeLzma2(bytes: Uint8Array, size: number): Uint8Array {
  const chunks = chunksOf(bytes);
  const total = chunks.reduce((sum, { plain }) => sum + plain, 0);
  if (total !== size) fail(`it unpacks to ${total} bytes instead of ${size}`);
  const window = new Window(size);
  for (const { control, from, to, plain, properties } of chunks) {
    if (control === 1 || control >= 0xe0) window.resetDictionary();
    if (control < 0x80) {
      window.copy(bytes.subarray(from, to));
      continue;
    }
    if (control >= 0xa0) window.resetState();
    if (properties !== undefined) window.setProperties(properties);
    window.decode(new RangeDecoder(bytes, from, to), plain);
  }
  return window.whole;
}

interface Chunk {
  readonly control: number;
  /** Where its content lies. */
  readonly from: number;
  readonly to: number;
  /** Bytes that come out. */
  readonly plain: number;
  readonly properties?: number;
}

/** All chunks up to the end mark. */
function chunksOf(bytes: Uint8Array): Chunk[] {
  const chunks: Chunk[] = [];
  const word = (at: number): number => ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
  // What has to come first: a fresh dictionary, and behind every fresh one properties of the model.
  let needs: 'dictionary' | 'properties' | 'nothing' = 'dictionary';
  for (let at = 0; ;) {
    if (at >= bytes.length) fail('it is cut off');
    const control = bytes[at]!;
    if (control === 0) return chunks;
    const packed = control >= 0x80;
    if (!packed && control > 2) fail('a chunk is of an unknown kind');
    if (control === 1 || control >= 0xe0) needs = 'properties';
    if (needs === 'dictionary') fail('its first chunk goes on with another');
    const withProperties = control >= 0xc0;
    if (withProperties) needs = 'nothing';
    if (packed && needs === 'properties') fail('a chunk has no properties');
    const from = at + (withProperties ? 6 : packed ? 5 : 3);
    const plain = packed ? ((control & 0x1f) << 16) + word(at + 1) + 1 : word(at + 1) + 1;
    const to = from + (packed ? word(at + 3) + 1 : plain);
    if (to > bytes.length) fail('it is cut off');
    chunks.push({ control, from, to, plain, ...(withProperties && { properties: bytes[at + 5]! }) });
    at = to;
  }
}
