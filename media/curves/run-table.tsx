/** @file The run table: the full legend, and what each run reached. */
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { configValue, duration, integer, number3, percent } from '../../src/figures/core/format';
import { runStyle } from '../../src/figures/core/palette';
import { commonKeys, differingKeys } from '../../src/figures/curves/groups';
import { metricOf } from '../../src/figures/curves/metrics';
import { meanOf, valueBetween } from '../../src/figures/curves/trace';
import { Checkbox, LinkButton } from '../shared/controls';
import { useSource } from '../shared/hooks';
import { Icon } from '../shared/icons';
import { factsOf, type GroupFacts } from './facts';
import type { CurvesModel } from './model';
import { Sparkline, Swatch } from './swatch';

interface Column {
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

function allColumns(model: CurvesModel): Column[] {
  const runs = model.groups.flatMap((group) => group.runs);
  const facts = model.groups.map((group) => factsOf(model, group));
  const reference = model.groups[0];
  const differing = differingKeys(runs);
  const columns: Column[] = differing.slice(0, 8).map((key, place) => ({
    key: `key:${key}`,
    rank: key === 'layers' ? 20 : place < 2 ? 2 + place : 8 + place,
    head: key,
    left: key === 'mixer' || key === 'data',
    sortBy: (entry) => entry.group.keys[key] as string | number | undefined,
    cell: (entry) => {
      const value = entry.group.keys[key];
      const differs = JSON.stringify(value ?? null) !== JSON.stringify(reference?.keys[key] ?? null);
      return <span class={differs ? 'differs' : 'secondary'}>{configValue(value)}</span>;
    },
  }));
  if (runs.some((run) => run.seed !== runs[0]?.seed)) {
    columns.push({
      key: 'seed',
      rank: 9,
      head: 'seed',
      cell: (entry) => (
        <span class="secondary">{entry.group.runs.map((run) => configValue(run.seed)).join(', ')}</span>
      ),
    });
  }
  if (facts.some((entry) => entry.parameters !== undefined)) {
    columns.push({
      key: 'params',
      rank: 6,
      head: 'params',
      sortBy: (e) => e.parameters,
      cell: (e) => (e.parameters === undefined ? '–' : integer(e.parameters)),
    });
  }
  columns.push({
    key: 'cursor',
    rank: 0,
    head: 'loss',
    cell: (e) => <AtCursor model={model} group={e.group} />,
  });
  {
    columns.push({
      key: 'spark',
      rank: 7,
      head: '',
      cell: (e) => {
        const loss = metricOf('loss');
        return (
          <Sparkline
            series={model.seriesOf(e.group.runs[0]!.id, loss)}
            style={runStyle(e.group.palette, model.theme)}
            log={model.useLog(loss)}
            domain={model.fullDomain()}
          />
        );
      },
    });
  }
  if (facts.some((entry) => entry.best)) {
    columns.push({
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
    });
  }
  if (facts.some((entry) => entry.bits !== undefined)) {
    columns.push({
      key: 'bits',
      rank: 0,
      head: 'bits/byte',
      sortBy: (e) => e.bits,
      best: (e) => e.bits,
      lowerIsBetter: true,
      cell: (e, best) => strong(number3(e.bits), best),
    });
  }
  if (facts.some((entry) => entry.accuracy !== undefined)) {
    columns.push({
      key: 'acc',
      rank: 1,
      head: 'acc',
      sortBy: (e) => e.accuracy,
      best: (e) => e.accuracy,
      cell: (e, best) => strong(percent(e.accuracy), best),
    });
    columns.push({
      key: 'reached',
      rank: 5,
      head: '≥ 99 % at',
      sortBy: (e) => e.reached,
      best: (e) => e.reached,
      lowerIsBetter: true,
      cell: (e, best) =>
        e.reached !== undefined ? strong(integer(e.reached), best) : e.group.live ? 'not yet' : 'no',
    });
  }
  columns.push({
    key: 'speed',
    rank: 4,
    head: 'tokens/s',
    sortBy: (e) => e.throughput,
    best: (e) => e.throughput,
    cell: (e, best) => strong(e.throughput === undefined ? '–' : number3(e.throughput), best),
  });
  columns.push({
    key: 'time',
    rank: 3,
    head: 'time',
    sortBy: (e) => e.seconds,
    cell: (e) => duration(e.seconds),
  });
  return columns;
}

/** The group that is best in a column, when there is exactly one. */
function bestOf(column: Column, facts: readonly GroupFacts[]): string | undefined {
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
  const at = model.state.pinned ?? model.cursor.at;
  const values = group.runs
    .map((run) => {
      const series = model.seriesOf(run.id, loss);
      return at === undefined ? series.lastValue() : valueBetween(series, at);
    })
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : meanOf(values, model.useLog(loss));
}

function AtCursor({ model, group }: { model: CurvesModel; group: GroupFacts['group'] }): JSX.Element {
  useSource(model.cursor);
  return <span class="at-cursor">{number3(lossAt(model, group))}</span>;
}

function CursorHead({ model }: { model: CurvesModel }): JSX.Element {
  useSource(model.cursor);
  const at = model.state.pinned ?? model.cursor.at;
  if (at === undefined) return <>loss</>;
  return <>{`loss @${model.state.axis === 'step' ? integer(at) : number3(at)}`}</>;
}

export function Status({ facts }: { facts: GroupFacts }): JSX.Element {
  const { group, step, steps } = facts;
  const count = steps === undefined ? integer(step) : `${integer(step)} / ${integer(steps)}`;
  const worst = (['failed', 'interrupted', 'running', 'stopped', 'finished'] as const).find((status) =>
    group.runs.some((run) => run.status === status),
  );
  switch (worst) {
    case 'running':
      return (
        <span class="status">
          <Icon name="sync" label="live" />
          {step > 0 ? count : (group.runs.find((run) => run.phase)?.phase ?? 'starting')}
        </span>
      );
    case 'failed':
      return (
        <span class="status is-error">
          <Icon name="error" />
          <span class="word">{`failed at ${integer(step)}`}</span>
        </span>
      );
    case 'interrupted':
      return (
        <span class="status is-warning">
          <Icon name="warning" />
          <span class="word">{`interrupted ${count}`}</span>
        </span>
      );
    case 'stopped':
      return <span class="status">{`stopped ${count}`}</span>;
    default:
      return <span class="status">finished</span>;
  }
}

function RunRow({
  model,
  facts,
  columns,
  best,
}: {
  model: CurvesModel;
  facts: GroupFacts;
  columns: readonly Column[];
  best: readonly (string | undefined)[];
}): JSX.Element {
  useSource(model.cursor);
  const { group } = facts;
  // The pointer changes how the row looks, not what is in it.
  const cells = useMemo(
    () =>
      columns.map((column, index) => (
        <td key={column.key} class={column.left ? 'left' : ''}>
          {column.cell(facts, best[index] === group.key)}
        </td>
      )),
    [columns, facts, best],
  );
  const shown = !model.state.hidden.includes(group.key);
  const hovered = model.cursor.hovered === group.key;
  const focused = model.state.focused === group.key;
  return (
    <tr
      class={[hovered ? 'hovered' : '', focused ? 'focused' : '', shown ? '' : 'off']
        .filter(Boolean)
        .join(' ')}
      onMouseEnter={() => model.cursor.set({ hovered: group.key })}
      onMouseLeave={() => model.cursor.set({ hovered: undefined })}
      onDblClick={() => model.send({ type: 'run-command', command: 'open-config', run: group.runs[0]!.id })}
    >
      <th scope="row">
        <span class="run-name">
          <Checkbox
            checked={shown}
            label={`Show ${group.name}`}
            title="Show or hide; Alt+click shows only this"
            onChange={(_, event) => model.toggle(group.key, event.altKey)}
          />
          <Swatch style={runStyle(group.palette, model.theme)} />
          <span class="text" title={group.runs.map((run) => run.name).join('\n')}>
            {group.name}
          </span>
          {group.runs.length > 1 && (
            <span class="badge">{`${group.runs.length} ${distinctSeeds(group) > 1 ? 'seeds' : 'runs'}`}</span>
          )}
        </span>
      </th>
      <td class="left">
        <Status facts={facts} />
      </td>
      {cells}
    </tr>
  );
}

const distinctSeeds = (group: GroupFacts['group']): number => new Set(group.runs.map((run) => run.seed)).size;

function sorted(model: CurvesModel, columns: readonly Column[]): GroupFacts[] {
  const facts = model.listed().map((group) => factsOf(model, group));
  const { sort } = model.state;
  const column = columns.find((entry) => entry.key === sort?.key);
  if (!sort || !column?.sortBy) return facts;
  const value = (entry: GroupFacts): number | string =>
    column.sortBy!(entry) ?? (sort.descending ? -Infinity : Infinity);
  return facts.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
    return sort.descending ? -order : order;
  });
}

export function RunTable({
  model,
  width,
  onMarkdown,
}: {
  model: CurvesModel;
  width: number;
  onMarkdown(): void;
}): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const [dropped, setDropped] = useState(0);
  const all = allColumns(model);
  const places = all.map((column) => column.rank).sort((a, b) => b - a);
  const limit = dropped === 0 ? Infinity : (places[dropped - 1] as number);
  const columns = all.filter((column) => column.rank < limit || column.rank === 0);
  const shape = `${width} ${all.map((column) => column.key).join(' ')}`;
  useLayoutEffect(() => setDropped(0), [shape]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || dropped >= all.length || (places[dropped] ?? 0) === 0) return;
    if (element.scrollWidth > element.clientWidth + 1) setDropped(dropped + 1);
  });
  const rows = sorted(model, columns);
  const best = columns.map((column) => bestOf(column, rows));
  const common = commonKeys(model.runs);
  const { sort } = model.state;
  const runCount = model.runs.length;
  const groupCount = model.groups.length;
  const skipped = model.runs.reduce((sum, run) => sum + (run.skippedLines ?? 0), 0);
  const head =
    groupCount === runCount
      ? `${runCount} ${runCount === 1 ? 'run' : 'runs'}`
      : `${groupCount} ${groupCount === 1 ? 'group' : 'groups'} of ${runCount} runs`;
  return (
    <section class="runs">
      <h2 class="runs-head">
        <span>Runs</span>
        <span class="secondary common">{`${head}${common ? ` · ${groupCount > 1 ? 'same in all: ' : ''}${common}` : ''}`}</span>
        <span class="spring" />
        {groupCount > 1 && (
          <span class="secondary">{`differences from ${model.groups[0]!.name} in bold`}</span>
        )}
        <LinkButton onClick={onMarkdown}>Copy as Markdown</LinkButton>
      </h2>
      <div class="runs-scroll" ref={scroller} tabIndex={0} role="region" aria-label="Run table">
        <table class="runs-table">
          <thead>
            <tr>
              <th scope="col" class="left">
                Run
              </th>
              <th scope="col" class="left">
                Status
              </th>
              {columns.map((column) => (
                <th
                  key={column.key}
                  scope="col"
                  class={column.left ? 'left' : ''}
                  aria-sort={
                    sort?.key === column.key ? (sort.descending ? 'descending' : 'ascending') : undefined
                  }
                >
                  {column.sortBy ? (
                    <button
                      type="button"
                      class="sort"
                      onClick={() =>
                        model.patch({
                          sort:
                            sort?.key !== column.key
                              ? { key: column.key, descending: false }
                              : sort.descending
                                ? null
                                : { key: column.key, descending: true },
                        })
                      }
                    >
                      {column.head}
                      {sort?.key === column.key && <Icon name={sort.descending ? 'down' : 'up'} />}
                    </button>
                  ) : column.key === 'cursor' ? (
                    <CursorHead model={model} />
                  ) : column.key === 'spark' ? (
                    <span class="sr-only">shape</span>
                  ) : (
                    column.head
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((facts) => (
              <RunRow key={facts.group.key} model={model} facts={facts} columns={columns} best={best} />
            ))}
          </tbody>
        </table>
      </div>
      {rows.length === 0 && groupCount > 0 && (
        <p class="no-match secondary">
          {`0 of ${groupCount} groups match. `}
          <LinkButton onClick={() => model.patch({ filter: '' })}>Clear filter</LinkButton>
        </p>
      )}
      {skipped > 0 && (
        <p class="no-match secondary">{`${skipped} unreadable ${skipped === 1 ? 'line' : 'lines'} of metrics.jsonl skipped.`}</p>
      )}
    </section>
  );
}

/** Below 700 px: two lines a run, in the order of the values at the cursor. */
export function RunList({ model }: { model: CurvesModel }): JSX.Element {
  useSource(model.cursor);
  const rows = model
    .listed()
    .map((group) => ({ facts: factsOf(model, group), loss: lossAt(model, group) }))
    .sort((a, b) => (a.loss ?? Infinity) - (b.loss ?? Infinity));
  const live = model.runs.filter((run) => run.status === 'running').length;
  return (
    <section class="runs">
      <h2 class="runs-head">
        <span>Runs</span>
        <span class="secondary">{`${model.groups.length} ${model.groups.length === 1 ? 'group' : 'groups'} of ${model.runs.length}${live ? ` · ${live} live` : ''}`}</span>
        <span class="spring" />
        <span class="secondary">
          <CursorHead model={model} />
        </span>
      </h2>
      <ul class="run-list">
        {rows.map(({ facts, loss }) => {
          const { group } = facts;
          const shown = !model.state.hidden.includes(group.key);
          const seeds =
            group.runs.length > 1
              ? `seeds ${group.runs.map((run) => configValue(run.seed)).join(', ')}`
              : `seed ${configValue(group.runs[0]?.seed)}`;
          return (
            <li
              key={group.key}
              class={[model.cursor.hovered === group.key ? 'hovered' : '', shown ? '' : 'off']
                .filter(Boolean)
                .join(' ')}
              onMouseEnter={() => model.cursor.set({ hovered: group.key })}
              onMouseLeave={() => model.cursor.set({ hovered: undefined })}
            >
              <button
                type="button"
                aria-pressed={shown}
                aria-label={`Show ${group.name}`}
                onClick={(event) => model.toggle(group.key, event.altKey)}
              >
                <Swatch style={runStyle(group.palette, model.theme)} />
              </button>
              <span class="lines">
                <span class="run-line">
                  <span class="text">{group.name}</span>
                  {group.live && (
                    <span class="secondary status">
                      <Icon name="sync" label="live" />
                      {integer(facts.step)}
                    </span>
                  )}
                </span>
                <span class="secondary">
                  {group.live ? (
                    seeds
                  ) : (
                    <>
                      {seeds} · <Status facts={facts} />
                    </>
                  )}
                </span>
              </span>
              <span class="lines right">
                <span>{number3(loss)}</span>
                <span class="secondary">
                  {facts.accuracy === undefined ? '' : `${percent(facts.accuracy, 0)} acc`}
                </span>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
