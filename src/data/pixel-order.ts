/** @file How a square image becomes a sequence: by pixels, rows or patches. */

export interface Reading {
  readonly side: number;
  readonly tokens: 'pixels' | 'rows' | 'patches';
  readonly patch_size: number;
  readonly channels: number;
}

export const divisors = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);

/** Rows and columns of tokens, and numbers in each. */
export function layoutOf({ side, tokens, patch_size, channels }: Reading): {
  rows: number;
  columns: number;
  features: number;
} {
  if (tokens === 'pixels') return { rows: side, columns: side, features: channels };
  if (tokens === 'rows') return { rows: side, columns: 1, features: side * channels };
  const across = Math.floor(side / patch_size);
  return { rows: across, columns: across, features: patch_size ** 2 * channels };
}

/** Which number of an image stored row by row, channels side by side, stands at which place of its sequence. */
export function placesOf({ side, tokens, patch_size, channels }: Reading): Uint32Array {
  const pixels = Uint32Array.from({ length: side * side }, (_, i) => i);
  if (tokens === 'patches') {
    let place = 0;
    for (let top = 0; top < side; top += patch_size) {
      for (let left = 0; left < side; left += patch_size) {
        for (let y = top; y < top + patch_size; y++) {
          for (let x = left; x < left + patch_size; x++) pixels[place++] = y * side + x;
        }
      }
    }
  }
  return Uint32Array.from(
    { length: pixels.length * channels },
    (_, i) => pixels[Math.floor(i / channels)]! * channels + (i % channels),
  );
}
