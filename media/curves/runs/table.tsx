/** @file The run table: the full legend, and what each run reached. */
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { commonKeys } from '../../../src/figures/curves/groups';
import { Checkbox, LinkButton } from '../../shared/controls';
import { useSource } from '../../shared/hooks';
import { Icon } from '../../shared/icons';
import { factsOf, type GroupFacts } from './facts';
import type { CurvesModel } from '../model';
import { allColumns, bestOf, type Column } from './columns';
import { CursorHead, Status } from './status';
import { Swatch } from './swatch';

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
          <Swatch style={model.styleOf(group)} />
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
  const head = !model.loaded
    ? 'reading …'
    : groupCount === runCount
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
