/** @file How a square image becomes a sequence: by pixels, rows or patches. */
import type { DataProblem } from '../define';

export interface Reading {
  readonly side: number;
  readonly tokens: 'pixels' | 'rows' | 'patches';
  readonly patch_size: number;
  readonly channels: number;
}

/** Patches that do not fill the image. */
export function patchProblems({ side, tokens, patch_size }: Reading): DataProblem[] {
  if (tokens !== 'patches' || side % patch_size === 0) return [];
  const all = Array.from({ length: side }, (_, i) => i + 1).filter((size) => side % size === 0);
  const distance = (size: number): number => Math.abs(size - patch_size);
  const suggestion = all.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  const message = `An image of ${side} × ${side} pixels cannot be divided into patches of ${patch_size}; patch_size must be one of ${all.join(', ')}.`;
  return [{ path: ['patch_size'], message, suggestion }];
}

/** What a token shows: its row, or its row and column. */
export const placeLabel =
  (columns: number) =>
  (position: number): string =>
    columns === 1 ? `row ${position}` : `${Math.floor(position / columns)},${position % columns}`;

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
