/** @file Chunks of PNG images, for tests. */
import { deflateSync } from 'node:zlib';

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** The checksum of the format (annex D), bit by bit. */
function checksum(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

export function chunk(type: string, content: Uint8Array = new Uint8Array()): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  return Buffer.concat([uint32(content.length), body, uint32(checksum(body))]);
}

export const header = (width: number, height: number, { interlaced = false, colours = 2 } = {}): Buffer =>
  chunk('IHDR', Buffer.concat([uint32(width), uint32(height), Buffer.from([8, colours, 0, 0, +interlaced])]));

/** The same bytes with right checksums, as far as they are chunks: damage then meets the decoder itself. */
export function repaired(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 8; at + 12 <= copy.length;) {
    const end = at + 8 + copy.readUInt32BE(at);
    if (end + 4 > copy.length) break;
    copy.writeUInt32BE(checksum(copy.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return copy;
}

/** Rows, each behind its filter. */
export const pixels = (rows: Uint8Array): Buffer => chunk('IDAT', deflateSync(rows));

export const png = (...chunks: Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks, chunk('IEND')]);
