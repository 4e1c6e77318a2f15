/** @file The columns of the run table: differing keys, then what was measured. */
import type { ComponentChildren, JSX } from 'preact';
import { configValue, duration, integer, number3, percent } from '../../../src/figures/core/format';
import { differingKeys, keyValue, membersOf, type RunGroup } from '../../../src/figures/curves/groups';
import { metricOf } from '../../../src/figures/curves/metrics';
import { commonRange, meanOf, valueBetween } from '../../../src/figures/curves/trace';
import type { RunMeta } from '../../../src/protocol/view-curves';
import { useSource } from '../../shared/hooks';
import { factsOf, type GroupFacts } from './facts';
import type { CurvesModel } from '../model';
import { Sparkline } from './swatch';

export interface Column {
  readonly key: string;
  readonly head: string;
  readonly left?: boolean;
  /** Columns of a higher rank give way first where the table is too wide. */
  readonly rank: number;
  /** What the column is sorted by. */
  sortBy?(facts: GroupFacts): number | string | undefined;
  /** Value that is compared to find the best; the sign says which direction is better. */
  best?(facts: GroupFacts): number | undefined;
  readonly lowerIsBetter?: boolean;
  cell(facts: GroupFacts, isBest: boolean): ComponentChildren;
}

const strong = (text: string, best: boolean): ComponentChildren =>
  best ? <span class="best">{text}</span> : text;

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
      sortBy: (entry) => entry.group.keys[key] as string | number | undefined,
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

/** Columns that are shown only where the runs have something in them. */
const where = (some: boolean, ...columns: Column[]): Column[] => (some ? columns : []);

/** The columns that the runs have something to show in, those of config keys first. */
export function allColumns(model: CurvesModel): Column[] {
  const runs = model.groups.flatMap((group) => group.runs);
  const facts = model.groups.map((group) => factsOf(model, group));
  return [
    ...keyColumns(runs, model.groups[0]),
    ...where(
      runs.some((run) => run.seed !== runs[0]?.seed),
      {
        key: 'seed',
        rank: 9,
        head: 'seed',
        cell: (entry) => (
          <span class="secondary" title={membersOf(entry.group.runs)}>
            {[...new Set(entry.group.runs.map((run) => configValue(run.seed)))].join(', ')}
          </span>
        ),
      },
    ),
    ...where(
      facts.some((entry) => entry.parameters !== undefined),
      {
        key: 'params',
        rank: 6,
        head: 'params',
        sortBy: (e) => e.parameters,
        cell: (e) => (e.parameters === undefined ? '–' : integer(e.parameters)),
      },
    ),
    {
      key: 'cursor',
      rank: 0,
      head: 'loss',
      cell: (e) => <AtCursor model={model} group={e.group} />,
    },
    {
      key: 'spark',
      rank: 7,
      head: '',
      cell: (e) => {
        const loss = metricOf('loss');
        return (
          <Sparkline
            series={model.seriesOf(e.group.runs[0]!.id, loss)}
            style={model.styleOf(e.group)}
            log={model.useLog(loss)}
            domain={model.fullDomain()}
          />
        );
      },
    },
    ...where(
      facts.some((entry) => entry.best !== undefined),
      {
        key: 'best',
        rank: 0,
        head: 'best val loss',
        sortBy: (e) => e.best?.value,
        best: (e) => e.best?.value,
        lowerIsBetter: true,
        cell: (e, best) =>
          e.best ? (
            <>
              {strong(number3(e.best.value), best)}
              <span class="secondary">{` @${integer(e.best.step)}`}</span>
            </>
          ) : (
            '–'
          ),
      },
    ),
    ...where(
      facts.some((entry) => entry.bits !== undefined),
      {
        key: 'bits',
        rank: 0,
        head: 'bits/byte',
        sortBy: (e) => e.bits,
        best: (e) => e.bits,
        lowerIsBetter: true,
        cell: (e, best) => strong(number3(e.bits), best),
      },
    ),
    ...where(
      facts.some((entry) => entry.accuracy !== undefined),
      {
        key: 'acc',
        rank: 1,
        head: 'acc',
        sortBy: (e) => e.accuracy,
        best: (e) => e.accuracy,
        cell: (e, best) => strong(percent(e.accuracy), best),
      },
      {
        key: 'reached',
        rank: 5,
        head: '≥ 99 % at',
        sortBy: (e) => e.reached,
        best: (e) => e.reached,
        lowerIsBetter: true,
        cell: (e, best) =>
          e.reached !== undefined ? strong(integer(e.reached), best) : e.group.live ? 'not yet' : 'no',
      },
    ),
    {
      key: 'speed',
      rank: 4,
      head: 'tokens/s',
      sortBy: (e) => e.throughput,
      best: (e) => e.throughput,
      cell: (e, best) => strong(e.throughput === undefined ? '–' : number3(e.throughput), best),
    },
    {
      key: 'time',
      rank: 3,
      head: 'time',
      sortBy: (e) => e.seconds,
      cell: (e) => duration(e.seconds),
    },
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

/** Loss of a group at the cursor, its last one without a cursor. */
export function lossAt(model: CurvesModel, group: GroupFacts['group']): number | undefined {
  const loss = metricOf('loss');
  const series = group.runs.map((run) => model.seriesOf(run.id, loss));
  const cursor = model.state.pinned ?? model.cursor.at;
  // Without a cursor the last value, of several seeds the last that all have.
  const at = cursor ?? (series.length > 1 ? commonRange(series)?.[1] : undefined);
  const values = series
    .map((entry) => (at === undefined ? entry.lastValue() : valueBetween(entry, at)))
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : meanOf(values, model.useLog(loss));
}

function AtCursor({ model, group }: { model: CurvesModel; group: GroupFacts['group'] }): JSX.Element {
  useSource(model.cursor);
  return <span class="at-cursor">{number3(lossAt(model, group))}</span>;
}
