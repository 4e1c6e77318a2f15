/** @file The numbers behind the picture as a real table: one probe, one row per position. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { number3, visible } from '../../src/figures/core/format';
import { probeTable, type ProbeTable } from '../../src/figures/scan/table';
import { Select } from '../shared/controls';
import type { ScanModel } from './model';
import { numbersOf } from './tables';

/** Cells that are all put into the page; larger tables come in pages of positions. */
const wholeBelow = 24_000;

export function DataTable({ model }: { model: ScanModel }): JSX.Element | null {
  const { state } = model;
  const inspection = useMemo(
    () => numbersOf(model),
    [
      model.inspection,
      model.survey,
      model.pinned.survey,
      model.filters,
      model.replay.frames,
      state.view,
      state.order,
      state.frame,
      model.position,
      model.layer,
    ],
  );
  const names = Object.keys(inspection?.probes ?? {});
  const name = names.includes(state.table ?? '') ? state.table! : (names[0] ?? '');
  const table = useMemo(
    () => (inspection ? probeTable(inspection, name, model.channel) : undefined),
    [inspection, name, model.channel],
  );
  const [page, setPage] = useState(0);
  if (!inspection || !table || names.length === 0)
    return (
      <div class="note">
        <p>There are no numbers here yet.</p>
      </div>
    );
  const perPage = Math.max(16, Math.floor(wholeBelow / Math.max(1, table.columns.length)));
  const pages = Math.max(1, Math.ceil(table.rows.length / perPage));
  const at = Math.min(page, pages - 1);
  const rows = table.rows.slice(at * perPage, (at + 1) * perPage);
  const probe = inspection.probes[name];
  const extent = probe?.axes.map((axis, i) => `${axis} ${probe.shape[i]}`).join(' × ');
  return (
    <section class="data-view">
      <div class="line">
        <Select
          label="Probe"
          value={name}
          options={names.map((entry) => ({ value: entry, label: entry }))}
          onChange={(next) => model.patch({ table: next })}
        />
        <span class="secondary">{[extent, table.slice, probe?.description].filter(Boolean).join(' · ')}</span>
        <span class="spring" />
        {pages > 1 && (
          <Select
            label="Positions"
            value={String(at)}
            options={Array.from({ length: pages }, (_, k) => ({
              value: String(k),
              label: `${k * perPage} – ${Math.min(table.rows.length, (k + 1) * perPage) - 1}`,
            }))}
            onChange={(next) => setPage(Number(next))}
          />
        )}
      </div>
      <Numbers name={name} axis={probe?.axes[0] ?? ''} columns={table.columns} rows={rows} />
    </section>
  );
}

function Numbers({
  name,
  axis,
  columns,
  rows,
}: {
  /** Of the array. */
  name: string;
  /** What the rows are. */
  axis: string;
  columns: ProbeTable['columns'];
  rows: ProbeTable['rows'];
}): JSX.Element {
  return (
    <div class="data-scroll" tabIndex={0} role="region" aria-label="Data table">
      <table class="data" data-testid="data-table" data-probe={name}>
        <thead>
          <tr>
            <th scope="col">{axis}</th>
            <th scope="col">{axis === 'time' ? 'token' : ''}</th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.head}>
              <th scope="row">{row.head}</th>
              <td>{visible(row.label)}</td>
              {row.values.map((value, k) => (
                <td key={k} data-value={String(value)}>
                  {number3(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
