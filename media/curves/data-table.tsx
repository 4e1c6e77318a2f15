/** @file The numbers behind the charts as a real table: raw and smoothed, one run at a time. */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { number3 } from '../../src/figures/core/format';
import { metricOf, type Metric } from '../../src/figures/curves/metrics';
import { Select } from '../shared/controls';
import type { CurvesModel } from './model';

const rowHeight = 23;
/** Rows that are all put into the page; longer tables show a window of rows around the scroll position. */
const wholeBelow = 2000;

export function DataTable({ model }: { model: CurvesModel }): JSX.Element {
  const runs = model.visible().flatMap((group) => group.runs.map((run) => ({ group, run })));
  const [chosen, choose] = useState<string>();
  const current =
    runs.find(({ run }) => run.id === chosen) ??
    runs.find(({ group }) => group.key === model.state.focused) ??
    runs[0];
  const [kind, setKind] = useState<'train' | 'eval'>('train');
  const [top, setTop] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const data = current ? model.dataOf(current.run.id) : undefined;
  const tables = data ? [...data.tables.keys()] : [];
  const table =
    kind === 'train'
      ? data?.table('train')
      : data?.table(tables.find((name) => name.startsWith('eval/')) ?? '');
  const columns = useMemo(() => {
    if (!table || !current) return [];
    const plain = [...table.columns.entries()].map(([name, column]) => ({
      name,
      at: (i: number) => column.at(i),
    }));
    if (kind === 'eval') return plain;
    const loss: Metric = metricOf('loss');
    const series = model.seriesOf(current.run.id, loss);
    const place = plain.findIndex((column) => column.name === 'loss');
    plain.splice(place + 1, 0, { name: 'loss, smoothed', at: (i: number) => series.shown.at(i) });
    return plain;
  }, [table, table?.length, current?.run.id, kind, model.version]);
  if (!current) return <p class="no-match secondary">No run is shown.</p>;
  const count = table?.length ?? 0;
  const whole = count <= wholeBelow;
  const first = whole ? 0 : Math.max(0, Math.floor(top / rowHeight) - 20);
  const last = whole ? count : Math.min(count, first + 100);
  const rows = Array.from({ length: last - first }, (_, index) => first + index);
  return (
    <section class="data-view">
      <div class="data-head">
        <Select
          label="Run"
          value={current.run.id}
          options={runs.map(({ group, run }) => ({
            value: run.id,
            label: group.runs.length > 1 ? `${group.name} · ${run.name.split('/').at(-1)}` : group.name,
          }))}
          onChange={choose}
        />
        <Select
          label="Rows"
          value={kind}
          options={[
            { value: 'train', label: 'training steps' },
            { value: 'eval', label: 'evaluations' },
          ]}
          onChange={(next) => setKind(next)}
        />
        <span class="secondary">{`${count.toLocaleString('en')} rows`}</span>
      </div>
      <div
        class="data-scroll"
        ref={scroller}
        tabIndex={0}
        role="region"
        aria-label="Data table"
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <table class="data" data-testid="data-table" aria-rowcount={count + 1}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.name} scope="col">
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {!whole && first > 0 && <Spacer rows={first} columns={columns.length} />}
            {rows.map((row) => (
              <tr key={row} aria-rowindex={row + 2}>
                {columns.map((column) => {
                  const value = column.at(row);
                  return (
                    <td
                      key={column.name}
                      data-value={Number.isNaN(value) ? '' : String(value)}
                      data-column={column.name}
                    >
                      {Number.isNaN(value) ? '–' : column.name === 'step' ? String(value) : number3(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
            {!whole && last < count && <Spacer rows={count - last} columns={columns.length} />}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Spacer({ rows, columns }: { rows: number; columns: number }): JSX.Element {
  return (
    <tr
      aria-hidden="true"
      ref={(element) => {
        if (element) element.style.height = `${rows * rowHeight}px`;
      }}
    >
      <td colSpan={columns} />
    </tr>
  );
}
