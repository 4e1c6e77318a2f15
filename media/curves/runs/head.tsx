/** @file The head of a column of the run table; a click sorts by it: up, down, not at all. */
import type { JSX } from 'preact';
import { Icon } from '../../shared/icons';
import type { CurvesModel } from '../model';
import type { Column } from './column';
import { CursorHead } from './status';

export function ColumnHead({ model, column }: { model: CurvesModel; column: Column }): JSX.Element {
  const { sort } = model.state;
  const descending = sort?.key === column.key ? sort.descending : undefined;
  return (
    <th
      scope="col"
      class={column.left ? 'left' : ''}
      aria-sort={descending === undefined ? undefined : descending ? 'descending' : 'ascending'}
    >
      <Words model={model} column={column} descending={descending} />
    </th>
  );
}

function Words({
  model,
  column: { key, head, sortBy },
  descending,
}: {
  model: CurvesModel;
  column: Column;
  /** How the rows are sorted by this column; undefined where they are not. */
  descending: boolean | undefined;
}): JSX.Element {
  if (key === 'cursor') return <CursorHead model={model} />;
  if (key === 'spark') return <span class="sr-only">shape</span>;
  if (!sortBy) return <>{head}</>;
  const next = descending === undefined ? { key, descending: false } : { key, descending: true };
  return (
    <button
      type="button"
      class="sort"
      onClick={() => model.patch({ sort: descending === true ? null : next })}
    >
      {head}
      {descending !== undefined && <Icon name={descending ? 'down' : 'up'} />}
    </button>
  );
}
