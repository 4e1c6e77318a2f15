/** @file The columns of the run table: differing keys, then what was measured. */
import { differingKeys, keyValue, type RunGroup } from '../../../src/figures/curves/groups';
import type { RunMeta } from '../../../src/protocol/view-curves';
import type { CurvesModel } from '../model';
import type { Column } from './column';
import { factsOf, type GroupFacts } from './facts';
import * as measured from './measured';

/** Config keys at the most: a table has no room for more. */
const KEYS = 8;

/** The config keys in which the runs differ; values that are not those of the first group stand out. */
function keyColumns(runs: readonly RunMeta[], reference: RunGroup | undefined): Column[] {
  return differingKeys(runs)
    .slice(0, KEYS)
    .map((key, place) => ({
      key: `key:${key}`,
      rank: key === 'layers' ? 20 : place < 2 ? 2 + place : 8 + place,
      head: key,
      left: key === 'mixer' || key === 'data',
      sortBy: (entry) => entry.group.keys[key],
      cell: (entry) => {
        const value = entry.group.keys[key];
        const differs = JSON.stringify(value ?? null) !== JSON.stringify(reference?.keys[key] ?? null);
        const words = keyValue(key, value);
        // All layers, where the words are fewer than they are.
        const all = typeof value === 'string' && words !== value ? value : undefined;
        return (
          <span class={differs ? 'differs' : 'secondary'} title={all}>
            {words}
          </span>
        );
      },
    }));
}

/** The columns that the runs have something to show in, those of config keys first. */
export function allColumns(model: CurvesModel): Column[] {
  const runs = model.groups.flatMap((group) => group.runs);
  const facts = model.groups.map((group) => factsOf(model, group));
  /** Where some group has what they show. */
  const where = (what: keyof GroupFacts, ...columns: Column[]): Column[] =>
    facts.some((entry) => entry[what] !== undefined) ? columns : [];
  return [
    ...keyColumns(runs, model.groups[0]),
    ...(runs.some((run) => run.seed !== runs[0]?.seed) ? [measured.seeds] : []),
    ...where('parameters', measured.parameters),
    measured.lossColumn(model),
    measured.sparkColumn(model),
    ...where('best', measured.bestLoss),
    ...where('bits', measured.bitsPerByte),
    ...where('accuracy', measured.accuracy, measured.reached),
    measured.speed,
    measured.time,
  ];
}

/** The group that is best in a column, when there is exactly one. */
export function bestOf(column: Column, facts: readonly GroupFacts[]): string | undefined {
  if (!column.best || facts.length < 2) return undefined;
  const known = facts
    .map((entry) => ({ key: entry.group.key, value: column.best!(entry) }))
    .filter((e) => e.value !== undefined);
  known.sort((a, b) => (column.lowerIsBetter ? a.value! - b.value! : b.value! - a.value!));
  return known.length > 0 && known[0]!.value !== known[1]?.value ? known[0]!.key : undefined;
}
