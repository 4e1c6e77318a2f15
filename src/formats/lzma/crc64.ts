/** @file CRC-64 as .xz has it (ECMA-182, reflected), in two halves of 32 bits. */

const POLYNOMIAL = { low: 0xd7870f42, high: 0xc96c5795 } as const;

/** Of every byte, low halves and high halves. */
function makeTable(): { readonly low: Uint32Array; readonly high: Uint32Array } {
  const [low, high] = [new Uint32Array(256), new Uint32Array(256)];
  for (let byte = 0; byte < 256; byte++) {
    let [a, b] = [byte, 0];
    for (let bit = 0; bit < 8; bit++) {
      const odd = a & 1;
      a = ((a >>> 1) | (b << 31)) ^ (odd ? POLYNOMIAL.low : 0);
      b = (b >>> 1) ^ (odd ? POLYNOMIAL.high : 0);
    }
    low[byte] = a;
    high[byte] = b;
  }
  return { low, high };
}

let table: ReturnType<typeof makeTable> | undefined;

/** @returns low and high half */
export function crc64(bytes: Uint8Array): [low: number, high: number] {
  const { low, high } = (table ??= makeTable());
  let [a, b] = [-1, -1];
  for (const byte of bytes) {
    const at = (a ^ byte) & 255;
    a = ((a >>> 8) | (b << 24)) ^ low[at]!;
    b = (b >>> 8) ^ high[at]!;
  }
  return [~a >>> 0, ~b >>> 0];
}
