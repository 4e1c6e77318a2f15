/** @file The order of the rows of the run table: by a column, up or down. */
import type { Column } from './column';
import type { GroupFacts } from './facts';

type Value = number | string | boolean | null | undefined;

/** Numbers by size and before words, words by the alphabet. */
function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' ? -1 : 1;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

const isMissing = (value: Value): boolean =>
  value === undefined || value === null || (typeof value === 'number' && Number.isNaN(value));

/** Rows without a value are last, whichever way the others stand. */
export function sortedBy(
  facts: readonly GroupFacts[],
  sortBy: NonNullable<Column['sortBy']>,
  descending: boolean,
): GroupFacts[] {
  return facts.toSorted((one, other) => {
    const [a, b] = [sortBy(one), sortBy(other)];
    if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
    return descending ? compare(b, a) : compare(a, b);
  });
}
