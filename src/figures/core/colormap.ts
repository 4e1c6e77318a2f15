/**
 * @file Colour maps of heat maps: zero has exactly the colour of the editor's background and ink grows with magnitude.
 * Nine stops, tables of 256 colours as packed little-endian RGBA.
 */
import { fromOklab, parseColour, toHex, toOklab, type Lab } from './colour';
import type { Pixels } from './scene';
import type { Theme, ThemeKind } from './theme';

type Tone = 'dark' | 'light' | 'hc-dark';
const tone = (kind: ThemeKind): Tone => (kind === 'hc-light' ? 'light' : kind);

const sequential: Record<Tone, readonly string[]> = {
  dark: ['#1F1F1F', '#21304F', '#1F4E79', '#1C7293', '#2A9A9F', '#5DBF9A', '#A6DD8F', '#E6F5A3', '#FFFFE0'],
  light: ['#FFFFFF', '#EDF7D2', '#C2E6B8', '#82CDB3', '#45AEB2', '#2388A9', '#1F5F92', '#253C78', '#1A1F4F'],
  'hc-dark': [
    '#000000',
    '#1B2F66',
    '#1F5AA0',
    '#1C84B4',
    '#35ADB2',
    '#74D0A8',
    '#B8EA9E',
    '#EEF9B4',
    '#FFFFFF',
  ],
};
const diverging: Record<Tone, readonly string[]> = {
  dark: ['#9AD1FF', '#4FA3E8', '#2A6CA8', '#22405E', '#1F1F1F', '#5A3A1E', '#A8621C', '#EE9440', '#FFD2A0'],
  light: ['#0B3C6F', '#2A6CA8', '#6CA6D6', '#BBD7EE', '#FFFFFF', '#F9D3AE', '#E9954C', '#B55F12', '#6B3405'],
  'hc-dark': [
    '#D6EEFF',
    '#7CC0FF',
    '#2F82D8',
    '#17406E',
    '#000000',
    '#6B3F12',
    '#C8761A',
    '#FFAE5C',
    '#FFE6C8',
  ],
};

const lab = (hex: string): Lab => toOklab(parseColour(hex) ?? { r: 0, g: 0, b: 0, a: 1 });
const between = (a: Lab, b: Lab, share: number): Lab => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];

/** Replaces the zero stop by the real background and moves its neighbours half as far. */
function stopsOn(stops: readonly string[], zero: number, background: string): string[] {
  const designed = lab(stops[zero] as string);
  const real = lab(background);
  return stops.map((stop, index) => {
    if (index === zero) return background;
    if (Math.abs(index - zero) > 1) return stop;
    const here = lab(stop);
    const shifted: Lab = [
      here[0] + (real[0] - designed[0]) / 2,
      here[1] + (real[1] - designed[1]) / 2,
      here[2] + (real[2] - designed[2]) / 2,
    ];
    return toHex(fromOklab(between(shifted, here, 0)));
  });
}

export interface ColourMap {
  readonly signed: boolean;
  /** 256 packed colours: 0 … 1 for magnitudes, −1 … 1 with zero at 128 for signed values. */
  readonly table: Uint32Array;
  /** The stops, for gradients and single marks. */
  readonly stops: readonly string[];
}

/** The map of a theme for magnitudes (`signed` false) or signed values. */
export function colourMap(theme: Theme, signed: boolean): ColourMap {
  const base = (signed ? diverging : sequential)[tone(theme.kind)];
  const zero = signed ? 4 : 0;
  const stops = stopsOn(base, zero, theme.background);
  const colours = stops.map((stop) => parseColour(stop)!);
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    // Index 128 is exactly zero of a signed map: −128 … 127 over −1 … 1.
    const position = signed ? Math.max(0, Math.min(8, 4 + ((i - 128) / 127) * 4)) : (i / 255) * 8;
    const at = Math.min(7, Math.floor(position));
    const share = position - at;
    const a = colours[at]!;
    const b = colours[at + 1]!;
    const channel = (x: number, y: number): number => Math.round(x + (y - x) * share);
    table[i] = ((255 << 24) | (channel(a.b, b.b) << 16) | (channel(a.g, b.g) << 8) | channel(a.r, b.r)) >>> 0;
  }
  return { signed, table, stops };
}

/** How magnitudes become ink. Square root by default, because products of decays span decades. */
export type Transfer = 'sqrt' | 'linear';

/** Table index of `value` on a scale whose largest magnitude is `max`; NaN is drawn as zero. */
export function mapIndex(value: number, max: number, signed: boolean, transfer: Transfer): number {
  if (!(max > 0) || Number.isNaN(value)) return signed ? 128 : 0;
  const magnitude = Math.min(1, Math.abs(value) / max);
  const ink = transfer === 'sqrt' ? Math.sqrt(magnitude) : magnitude;
  if (!signed) return value < 0 ? 0 : Math.round(ink * 255);
  return Math.max(0, Math.min(255, 128 + Math.round((value < 0 ? -ink : ink) * 127)));
}

/** Colours a matrix given by `at(row, column)`. */
export function paintMatrix(
  rows: number,
  columns: number,
  at: (row: number, column: number) => number,
  map: ColourMap,
  max: number,
  transfer: Transfer = 'sqrt',
): Pixels {
  const words = new Uint32Array(rows * columns);
  for (let row = 0, k = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, k++) {
      words[k] = map.table[mapIndex(at(row, column), max, map.signed, transfer)] as number;
    }
  }
  return { width: columns, height: rows, data: new Uint8ClampedArray(words.buffer) };
}

/** CSS colour of one value. */
export function mapColour(map: ColourMap, value: number, max: number, transfer: Transfer = 'sqrt'): string {
  const word = map.table[mapIndex(value, max, map.signed, transfer)] as number;
  return toHex({ r: word & 255, g: (word >> 8) & 255, b: (word >> 16) & 255, a: 1 });
}
