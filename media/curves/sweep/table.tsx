/** @file The configs of a sweep from best to worst. */
import type { JSX } from 'preact';
import { configValue, duration, integer, number3, percent } from '../../../src/figures/core/format';
import { colourMap } from '../../../src/figures/core/colormap';
import { commonKeys } from '../../../src/figures/curves/groups';
import type { Result, SweepRow } from '../../../src/figures/sweep/axes';
import { inkColour, inkOf } from '../../../src/figures/sweep/ink';
import { LinkButton } from '../../shared/controls';
import type { CurvesModel } from '../model';
import type { Sweep } from './rows';

/** Rows at first; the rest on demand. */
const shown = 12;

export function SweepTable({
  model,
  sweep,
  rows,
  target,
}: {
  model: CurvesModel;
  sweep: Sweep;
  rows: readonly SweepRow[];
  target: Result;
}): JSX.Element {
  const ink = inkOf(sweep.rows, target);
  const map = colourMap(model.theme, false);
  const common = commonKeys(model.runs);
  const visible = rows.slice(0, shown);
  return (
    <section class="runs sweep-runs">
      <h2 class="runs-head">
        <span>Best runs</span>
        <span class="secondary common">{`${visible.length} of ${sweep.rows.length}${common ? ` · same in all: ${common}` : ''}`}</span>
      </h2>
      <div class="runs-scroll" tabIndex={0} role="region" aria-label="Best runs">
        <table class="runs-table" data-testid="sweep-table">
          <Head keys={sweep.keys} />
          <tbody>
            {visible.map((row, place) => (
              <ConfigRow
                key={row.key}
                model={model}
                sweep={sweep}
                row={row}
                place={place}
                isBest={place === 0 && target === 'loss'}
                colour={inkColour(map, ink(row) ?? 0)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Head({ keys }: { keys: readonly string[] }): JSX.Element {
  return (
    <thead>
      <tr>
        <th scope="col">#</th>
        {keys.map((key, index) => (
          <th key={key} scope="col" class={index === 0 ? 'left' : ''}>
            {key}
          </th>
        ))}
        <th scope="col">params</th>
        <th scope="col">best val loss</th>
        <th scope="col">at step</th>
        <th scope="col">accuracy</th>
        <th scope="col">time</th>
        <th scope="col">
          <span class="sr-only">actions</span>
        </th>
      </tr>
    </thead>
  );
}

function ConfigRow({
  model,
  sweep: { keys, facts },
  row,
  place,
  isBest,
  colour,
}: {
  model: CurvesModel;
  sweep: Sweep;
  row: SweepRow;
  place: number;
  /** Whether it has the lowest loss of all. */
  isBest: boolean;
  /** Of its line in the parallel coordinates. */
  colour: string;
}): JSX.Element {
  const own = facts.get(row.key)!;
  const [run] = own.group.runs;
  return (
    <tr
      class={model.cursor.hovered === row.key ? 'hovered' : ''}
      onMouseEnter={() => model.cursor.set({ hovered: row.key })}
      onMouseLeave={() => model.cursor.set({ hovered: undefined })}
    >
      <td>{place + 1}</td>
      {keys.map((key, index) => (
        <td key={key} class={index === 0 ? 'left' : ''}>
          {index === 0 && (
            <svg class="square" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
              <rect width="10" height="10" fill={colour} />
            </svg>
          )}
          {configValue(row.values[key])}
        </td>
      ))}
      <td>{own.parameters === undefined ? '–' : integer(own.parameters)}</td>
      <td>
        <span class={isBest ? 'best' : ''}>{number3(own.best?.value)}</span>
      </td>
      <td>{own.best ? integer(own.best.step) : '–'}</td>
      <td>{percent(own.accuracy)}</td>
      <td>{duration(own.seconds)}</td>
      <td>
        <LinkButton onClick={() => model.send({ type: 'run-command', command: 'open-config', run: run!.id })}>
          Open config
        </LinkButton>
      </td>
    </tr>
  );
}
