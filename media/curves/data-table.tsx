/** @file The numbers behind the charts as a real table: raw and smoothed, one run at a time. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { metricOf } from '../../src/figures/curves/metrics';
import type { Table } from '../../src/figures/curves/data';
import { Select } from '../shared/controls';
import { DataRows, type NumberColumn } from './data-rows';
import type { CurvesModel } from './model';

type Kind = 'train' | 'eval';

export function DataTable({ model }: { model: CurvesModel }): JSX.Element {
  const runs = model.visible().flatMap((group) => group.runs.map((run) => ({ group, run })));
  const [chosen, choose] = useState<string>();
  const current =
    runs.find(({ run }) => run.id === chosen) ??
    runs.find(({ group }) => group.key === model.state.focused) ??
    runs[0];
  const [kind, setKind] = useState<Kind>('train');
  const run = current?.run.id;
  const table = run === undefined ? undefined : tableOf(model, run, kind);
  const columns = useMemo(
    () => (table && run !== undefined ? columnsOf(model, run, table, kind) : []),
    [table, table?.length, run, kind, model.version],
  );
  if (run === undefined) return <p class="no-match secondary">No run is shown.</p>;
  const count = table?.length ?? 0;
  return (
    <section class="data-view">
      <div class="data-head">
        <Select
          label="Run"
          value={run}
          options={runs.map(({ group, run: { id, name } }) => ({
            value: id,
            label: group.runs.length > 1 ? `${group.name} · ${name.split('/').at(-1)}` : group.name,
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
      <DataRows columns={columns} count={count} />
    </section>
  );
}

function tableOf(model: CurvesModel, run: string, kind: Kind): Table | undefined {
  const data = model.dataOf(run);
  const evaluation = [...data.tables.keys()].find((name) => name.startsWith('eval/'));
  return data.table(kind === 'train' ? 'train' : (evaluation ?? ''));
}

/** The columns as they were logged, the smoothed loss beside the loss. */
function columnsOf(model: CurvesModel, run: string, table: Table, kind: Kind): NumberColumn[] {
  const plain = [...table.columns.entries()].map(([name, column]) => ({
    name,
    at: (i: number) => column.at(i),
  }));
  if (kind === 'eval') return plain;
  const series = model.seriesOf(run, metricOf('loss'));
  const place = plain.findIndex((column) => column.name === 'loss');
  return plain.toSpliced(place + 1, 0, { name: 'loss, smoothed', at: (i) => series.shown.at(i) });
}
