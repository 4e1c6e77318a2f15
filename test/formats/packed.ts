/** @file A text packed as LZMA2 by XZ Utils (preset 6): numbers, bytes that cannot be packed, a repetition, zeros. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const packedNumbers = (): Uint8Array => readFileSync(join(__dirname, 'fixtures', 'numbers.lzma2'));

/** What it unpacks to. */
export function plainNumbers(): Buffer {
  const lines = Array.from({ length: 6000 }, (_, i) =>
    i % 5 === 0 ? `${i} ` : `${(i * i) % 97} ${i % 13}\n`,
  );
  const text = Buffer.from(lines.join(''));
  let state = 1n;
  const noise = Buffer.from(
    Array.from({ length: 3000 }, () => {
      state = (state * 1103515245n + 12345n) % 2147483648n;
      return Number((state >> 16n) & 255n);
    }),
  );
  return Buffer.concat([text, noise, text.subarray(0, 2000), Buffer.alloc(5000)]);
}
