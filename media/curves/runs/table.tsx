/** @file The run table: the full legend, and what each run reached. */
import type { JSX } from 'preact';
import { commonKeys } from '../../../src/figures/curves/groups';
import { LinkButton } from '../../shared/controls';
import type { CurvesModel } from '../model';
import type { Column } from './column';
import { allColumns, bestOf } from './columns';
import { factsOf, type GroupFacts } from './facts';
import { useFitting } from './fit';
import { ColumnHead } from './head';
import { sortedBy } from './order';
import { RunRow } from './row';

export function RunTable({
  model,
  width,
  onMarkdown,
}: {
  model: CurvesModel;
  width: number;
  onMarkdown(): void;
}): JSX.Element {
  const { scroller, columns } = useFitting(allColumns(model), width);
  const rows = sorted(model, columns);
  const best = columns.map((column) => bestOf(column, rows));
  return (
    <section class="runs">
      <Head model={model} onMarkdown={onMarkdown} />
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
                <ColumnHead key={column.key} model={model} column={column} />
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
      <Foot model={model} isEmpty={rows.length === 0} />
    </section>
  );
}

function sorted(model: CurvesModel, columns: readonly Column[]): GroupFacts[] {
  const facts = model.listed().map((group) => factsOf(model, group));
  const { sort } = model.state;
  const sortBy = columns.find(({ key }) => key === sort?.key)?.sortBy;
  return sort && sortBy ? sortedBy(facts, sortBy, sort.descending) : facts;
}

const counted = (count: number, one: string, several: string): string =>
  `${count} ${count === 1 ? one : several}`;

/** How many runs, what they have in common. */
function Head({ model, onMarkdown }: { model: CurvesModel; onMarkdown(): void }): JSX.Element {
  const common = commonKeys(model.runs);
  const [runs, groups] = [model.runs.length, model.groups.length];
  const count = !model.loaded
    ? 'reading …'
    : groups === runs
      ? counted(runs, 'run', 'runs')
      : `${counted(groups, 'group', 'groups')} of ${runs} runs`;
  return (
    <h2 class="runs-head">
      <span>Runs</span>
      <span class="secondary common">{`${count}${common ? ` · ${groups > 1 ? 'same in all: ' : ''}${common}` : ''}`}</span>
      <span class="spring" />
      {groups > 1 && <span class="secondary">{`differences from ${model.groups[0]!.name} in bold`}</span>}
      <LinkButton onClick={onMarkdown}>Copy as Markdown</LinkButton>
    </h2>
  );
}

/** What is not in the table, and why. */
function Foot({ model, isEmpty }: { model: CurvesModel; isEmpty: boolean }): JSX.Element {
  const groups = model.groups.length;
  const skipped = model.runs.reduce((sum, run) => sum + (run.skippedLines ?? 0), 0);
  return (
    <>
      {isEmpty && groups > 0 && (
        <p class="no-match secondary">
          {`0 of ${groups} groups match. `}
          <LinkButton onClick={() => model.patch({ filter: '' })}>Clear filter</LinkButton>
        </p>
      )}
      {skipped > 0 && (
        <p class="no-match secondary">{`${counted(skipped, 'unreadable line', 'unreadable lines')} of metrics.jsonl skipped.`}</p>
      )}
    </>
  );
}
