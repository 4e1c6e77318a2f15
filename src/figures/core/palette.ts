/**
 * @file Colours, dashes and markers of runs. Searched for the largest smallest difference (OKLab) under normal vision
 * and simulated protan, deutan and tritan vision with contrast ≥ 3 : 1; one hue family per index in all themes, so a
 * run keeps its identity when the theme changes. Dash and marker alone are unique for twelve as well.
 */
import { withContrast } from './colour';
import type { MarkerShape } from './scene';
import type { Theme, ThemeKind } from './theme';

const colours: Record<ThemeKind, readonly string[]> = {
  dark: [
    '#9AC5F3',
    '#BE6517',
    '#71FFAB',
    '#C78790',
    '#9F5DCB',
    '#D2C60D',
    '#45A8D2',
    '#FB794A',
    '#ADBE9D',
    '#7673FD',
    '#B8E8EE',
    '#B56E9E',
  ],
  light: [
    '#3362E1',
    '#8D5901',
    '#254E43',
    '#EA5098',
    '#740A95',
    '#A3862E',
    '#2496BB',
    '#940015',
    '#658065',
    '#413362',
    '#3B6761',
    '#AF2F9B',
  ],
  'hc-dark': [
    '#78BFF9',
    '#EEA471',
    '#BEF8D1',
    '#CB7483',
    '#AC78D2',
    '#F9E03F',
    '#72E8FC',
    '#F25914',
    '#BCE396',
    '#B688FE',
    '#9DCCC5',
    '#D389BA',
  ],
  'hc-light': [
    '#0825A3',
    '#B45C03',
    '#4F786D',
    '#5B3A46',
    '#915DB4',
    '#251F00',
    '#042B3A',
    '#A82418',
    '#4C5B3D',
    '#7A3DC5',
    '#39666B',
    '#801571',
  ],
};

const dashes: readonly (readonly number[])[] = [[], [7, 3], [2, 2.5], [9, 3, 2, 3]];
const markers: readonly MarkerShape[] = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'triangle-down',
  'plus',
];

/** Number of groups with a look of their own; further ones are drawn in foreground at 25 %. */
export const paletteSize = 12;

export interface RunStyle {
  readonly color: string;
  readonly dash: readonly number[];
  readonly marker: MarkerShape;
  /** 1, or 0.25 for groups beyond the palette. */
  readonly opacity: number;
}

/** The look of the group with palette place `index` (0 based). */
export function runStyle(index: number, theme: Theme): RunStyle {
  if (index >= paletteSize || index < 0) {
    return { color: theme.foreground, dash: [], marker: 'circle', opacity: 0.25 };
  }
  return {
    color: withContrast(colours[theme.kind][index] as string, theme.background, 3),
    dash: dashes[index % 4] as readonly number[],
    marker: markers[index % 6] as MarkerShape,
    opacity: 1,
  };
}
