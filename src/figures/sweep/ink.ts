/** @file How strongly a run is drawn: by its result, most for the best. */
import type { ColourMap } from '../core/colormap';
import { resultScale, resultTitles, valuesOf, type Result, type SweepRow } from './axes';

/** Ink of a run between 0 and 1 by its target, most for the best; on the scale of the axis. */
export function inkOf(rows: readonly SweepRow[], target: Result): (row: SweepRow) => number | undefined {
  const { share } = resultScale(rows, target);
  const { lowerIsBetter } = resultTitles[target];
  const places = valuesOf(rows, target).map(share);
  const [low, high] = [Math.min(...places), Math.max(...places)];
  return ({ results }) => {
    const value = results[target];
    if (value === undefined || !Number.isFinite(value)) return undefined;
    const relative = high > low ? (share(value) - low) / (high - low) : 0.5;
    return lowerIsBetter ? 1 - relative : relative;
  };
}

/** Ink stays visible: the lowest used share of the map. */
const inkFloor = 0.35;

/** Colour of a run by its ink. */
export function inkColour(map: ColourMap, ink: number): string {
  const position = (inkFloor + (1 - inkFloor) * ink) * (map.stops.length - 1);
  return map.stops[Math.min(map.stops.length - 1, Math.round(position))]!;
}
