/** @file One row of the run table: a config, shown or hidden, with what its runs reached. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Checkbox } from '../../shared/controls';
import { useSource } from '../../shared/hooks';
import type { CurvesModel } from '../model';
import type { Column } from './column';
import type { GroupFacts } from './facts';
import { Status } from './status';
import { Swatch } from './swatch';

export function RunRow({
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
