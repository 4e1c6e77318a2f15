/** @file Outlines of the end markers, shared by the canvas and the SVG back end. */
import type { MarkerShape } from './scene';

/** Corner points of a marker around (0, 0) for radius 1, or undefined for the circle. */
const outlines: Record<Exclude<MarkerShape, 'circle'>, readonly number[]> = {
  square: [-0.89, -0.89, 0.89, -0.89, 0.89, 0.89, -0.89, 0.89],
  'triangle-up': [0, -1.2, 1.1, 0.8, -1.1, 0.8],
  'triangle-down': [0, 1.2, 1.1, -0.8, -1.1, -0.8],
  diamond: [0, -1.3, 1.3, 0, 0, 1.3, -1.3, 0],
  plus: [
    -0.38, -1.25, 0.38, -1.25, 0.38, -0.38, 1.25, -0.38, 1.25, 0.38, 0.38, 0.38, 0.38, 1.25, -0.38, 1.25,
    -0.38, 0.38, -1.25, 0.38, -1.25, -0.38, -0.38, -0.38,
  ],
};

/** The polygon of a marker in px, x0 y0 x1 y1 …; undefined for a circle. */
export function markerOutline(
  shape: MarkerShape,
  x: number,
  y: number,
  radius: number,
): number[] | undefined {
  if (shape === 'circle') return undefined;
  return outlines[shape].map((value, index) => value * radius + (index % 2 === 0 ? x : y));
}
