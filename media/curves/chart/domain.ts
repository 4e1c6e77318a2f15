/** @file The x range of the charts: of everything that is shown, and of the part that is zoomed to. */
import { ceil125, type Range } from '../../../src/figures/core/ticks';
import { xColumn, type RunData, type XAxis } from '../../../src/figures/curves/data';
import type { RunGroup } from '../../../src/figures/curves/groups';

/** The x range of everything shown; for steps up to what the configs plan, so nothing moves while runs go on. */
export function fullDomain(
  groups: readonly RunGroup[],
  axis: XAxis,
  dataOf: (run: string) => RunData,
): Range {
  let max = 0;
  for (const group of groups) {
    for (const run of group.runs) {
      const data = dataOf(run.id);
      if (axis === 'step') {
        // A run that has ended early has no use for the steps that it will not take.
        const last = data.lastStep ?? 0;
        max = Math.max(max, last, run.status === 'running' || last === 0 ? (run.steps ?? 0) : 0);
      } else max = Math.max(max, data.table('train')?.column(xColumn[axis])?.last() ?? 0);
    }
  }
  if (max <= 0) return [0, axis === 'step' ? 1000 : 1];
  return [0, axis === 'step' ? max : growEnd(max)];
}

/** A part of the whole range: null is the whole; undefined where it is too small to be meant. */
export function partOf(full: Range, range: Range): [number, number] | null | undefined {
  const low = Math.max(full[0], Math.min(range[0], range[1]));
  const high = Math.min(full[1], Math.max(range[0], range[1]));
  if (!(high - low > (full[1] - full[0]) * 1e-6)) return undefined;
  return low <= full[0] && high >= full[1] ? null : [low, high];
}

/** The end of an axis that grows: 1-2-5 in quarters, so the picture moves seldom. */
function growEnd(max: number): number {
  const step = ceil125(max / 5);
  return Math.ceil(max / step - 1e-9) * step;
}
