/**
 * @file The draw list between figures and back ends. A figure is a pure function data + view + theme → `Scene`;
 * a canvas and an SVG writer draw the same scene, so what is tested without a browser is what is seen.
 * Coordinates are CSS pixels from the top left.
 */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type MarkerShape = 'circle' | 'square' | 'triangle-up' | 'diamond' | 'triangle-down' | 'plus';

export interface Stroke {
  readonly color: string;
  readonly width: number;
  readonly dash?: readonly number[];
  readonly opacity?: number;
}

export interface LineMark {
  readonly kind: 'line';
  /** x0 y0 x1 y1 …; a NaN in y lifts the pen. */
  readonly points: ArrayLike<number>;
  readonly stroke: Stroke;
}
export interface AreaMark {
  readonly kind: 'area';
  /** A closed outline, x0 y0 x1 y1 …; a NaN in y starts another one. */
  readonly points: ArrayLike<number>;
  readonly fill: string;
  readonly opacity?: number;
  /** Outline of the same colour and opacity, so that areas thinner than a pixel stay visible. */
  readonly outline?: number;
}
/** A filled stretch per pixel column: what an area is where it has as many corners as pixels, at a tenth of the cost. */
export interface BandMark {
  readonly kind: 'band';
  /** Left edge of each column, ascending; a column is 1 px wide. */
  readonly xs: readonly number[];
  readonly upper: readonly number[];
  readonly lower: readonly number[];
  readonly fill: string;
  readonly opacity: number;
}
export interface RectMark extends Box {
  readonly kind: 'rect';
  readonly fill?: string;
  readonly stroke?: Stroke;
  readonly radius?: number;
  readonly opacity?: number;
}
export interface TextMark {
  readonly kind: 'text';
  readonly x: number;
  /** Baseline. */
  readonly y: number;
  readonly text: string;
  /** px */
  readonly size: number;
  readonly color: string;
  readonly weight?: 400 | 500 | 600 | 700;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly family?: 'ui' | 'mono';
  /** Colour drawn behind the glyphs, where text may lie over data. */
  readonly halo?: string;
  /** Longest width; the text is cut with an ellipsis to fit. */
  readonly maxWidth?: number;
}
export interface MarkerMark {
  readonly kind: 'marker';
  readonly x: number;
  readonly y: number;
  readonly shape: MarkerShape;
  readonly radius: number;
  readonly color: string;
  /** Ring that separates the marker from lines below it. */
  readonly ring?: string;
}
/** One pixel per cell, drawn without smoothing. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA, four bytes per cell, row by row from the top. */
  readonly data: Uint8ClampedArray;
}
export interface ImageMark extends Box {
  readonly kind: 'image';
  readonly pixels: Pixels;
}
export interface GroupMark {
  readonly kind: 'group';
  readonly clip?: Box;
  readonly opacity?: number;
  /** px by which the marks are moved right and down. */
  readonly shift?: readonly [number, number];
  readonly marks: readonly Mark[];
}

export type Mark = LineMark | AreaMark | BandMark | RectMark | TextMark | MarkerMark | ImageMark | GroupMark;

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly background?: string;
  readonly fonts: { readonly ui: string; readonly mono: string };
  readonly marks: readonly Mark[];
  /** Written into an exported file. */
  readonly title?: string;
  readonly description?: string;
}

/** Width of a text in px; the browser measures, tests estimate. */
export type Measure = (text: string, size: number, weight?: number, family?: 'ui' | 'mono') => number;

/** An estimate for places without a font: 0.6 em a character. */
export const roughMeasure: Measure = (text, size) => text.length * size * 0.6;

/** Cuts `text` so that it and an ellipsis fit into `width`. */
export function fitText(
  text: string,
  width: number,
  size: number,
  measure: Measure,
  weight?: number,
): string {
  if (measure(text, size, weight) <= width) return text;
  let end = text.length;
  while (end > 1 && measure(`${text.slice(0, end)}…`, size, weight) > width) end--;
  return `${text.slice(0, end).trimEnd()}…`;
}
