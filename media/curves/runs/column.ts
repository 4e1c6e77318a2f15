/** @file What a column of the run table is. */
import type { ComponentChildren } from 'preact';
import type { GroupFacts } from './facts';

export interface Column {
  readonly key: string;
  readonly head: string;
  readonly left?: boolean;
  /** Columns of a higher rank give way first where the table is too wide. */
  readonly rank: number;
  /** What the column is sorted by. */
  readonly sortBy?: (facts: GroupFacts) => number | string | boolean | null | undefined;
  /** Value that is compared to find the best; the sign says which direction is better. */
  best?(facts: GroupFacts): number | undefined;
  readonly lowerIsBetter?: boolean;
  cell(facts: GroupFacts, isBest: boolean): ComponentChildren;
}
