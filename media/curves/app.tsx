/** @file The Curves panel: bar, messages, charts, run table. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { canvasMeasure } from '../../src/figures/core/canvas';
import type { Scene } from '../../src/figures/core/scene';
import { sceneToSvg } from '../../src/figures/core/svg';
import type { ChartFrame } from '../../src/figures/curves/chart';
import type { ChartNote } from '../../src/figures/curves/notes';
import { metricOf } from '../../src/figures/curves/metrics';
import { visibleRows } from '../../src/figures/curves/trace';
import { linearScale } from '../../src/figures/core/scale';
import { announce } from '../shared/announce';
import { sceneToPng } from '../shared/canvas';
import { useSource, useWidth } from '../shared/hooks';
import { ChartPanel } from './chart/panel';
import { DataTable } from './data-table';
import { csv, figure, markdown } from './export';
import { Empty, Messages, waitingText } from './messages';
import type { CurvesModel } from './model';
import { MoreCharts } from './chart/more';
import { RunList } from './runs/list';
import { RunTable } from './runs/table';
import { SweepView } from './sweep/view';
import { sweepCsv, sweepFigure } from './sweep/export';
import { isSweep } from './sweep/rows';
import { Toolbar } from './toolbar';

/** Events that are worth a line in every chart. */
const told: Record<string, (note: string | undefined) => string> = {
  resume: () => 'resumed',
  'non-finite': (note) => note ?? 'not a number',
  lr: (note) => note ?? 'learning rate changed',
};

function notesOf(model: CurvesModel): ChartNote[] {
  const notes = new Map<string, ChartNote>();
  const { axis } = model.state;
  for (const group of model.visible()) {
    for (const run of group.runs) {
      const data = model.dataOf(run.id);
      for (const event of data.events) {
        const words = told[event.event];
        if (!words) continue;
        const x = data.positionOf(event.step, axis);
        notes.set(`${event.event} ${x}`, { x, text: words(event.note) });
      }
    }
  }
  // The warm-up is the config's: said when it is the same for all.
  const runs = model.visible().flatMap((group) => group.runs);
  const warmup = runs[0]?.keys['warmup'];
  const longest = runs.find((run) => (model.dataOf(run.id).lastStep ?? 0) >= Number(warmup));
  if (
    typeof warmup === 'number' &&
    warmup > 0 &&
    longest &&
    runs.every((run) => run.keys['warmup'] === warmup)
  ) {
    const x = model.dataOf(longest.id).positionOf(warmup, axis);
    notes.set('warm-up', { x, text: 'warm-up ends' });
  }
  return [...notes.values()];
}

function checkpointsOf(model: CurvesModel): number[] {
  const places = new Set<number>();
  for (const group of model.visible()) {
    for (const run of group.runs) {
      for (const step of run.checkpoints) places.add(model.dataOf(run.id).positionOf(step, model.state.axis));
    }
  }
  return places.size > 60 ? [] : [...places].filter(Number.isFinite);
}

function frames(width: number): { main: ChartFrame; side: ChartFrame; last: ChartFrame } {
  const base = { left: 44, top: 8, xLabels: true };
  if (width < 700) {
    const inner = width - 32;
    const main = { ...base, width: inner, height: 246, right: 4, bottom: 40, yTicks: 4 };
    const side = { ...base, width: inner, height: 120, right: 4, bottom: 40, yTicks: 2 };
    return { main, side, last: side };
  }
  const wide = width >= 1000;
  const inner = width - 32;
  const mainWidth = wide ? Math.floor((inner - 24) * 0.645) : inner;
  const sideWidth = wide ? inner - 24 - mainWidth : inner;
  const main = { ...base, width: mainWidth, height: wide ? 366 : 280, right: 168, bottom: 40, yTicks: 5 };
  const side = { ...base, width: sideWidth, height: 97, right: 16, bottom: 9, yTicks: 3, xLabels: false };
  return { main, side, last: { ...side, height: 128, bottom: 40, xLabels: true } };
}

export function App({ model }: { model: CurvesModel }): JSX.Element {
  useSource(model);
  const [root, width] = useWidth<HTMLDivElement>();
  const { state, theme } = model;
  const measure = useMemo(() => canvasMeasure(theme.fonts), [theme.fonts.ui, theme.fonts.mono]);
  const narrow = width > 0 && width < 700;
  const layout = useMemo(() => frames(width || 1000), [width]);
  const charts = model.charts();
  const sweeping = state.view === 'sweep' && isSweep(model);
  const notes = useMemo(() => notesOf(model), [model.version]);
  const checkpoints = useMemo(() => checkpointsOf(model), [model.version]);

  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        target.matches('input[type=search], select, input[type=text]')
      )
        return;
      if (event.key === 't' || event.key === 'T') {
        model.patch({ table: !model.state.table });
        event.preventDefault();
      }
    };
    document.addEventListener('keydown', key);
    return () => document.removeEventListener('keydown', key);
  }, [model]);

  const save = async (kind: 'png' | 'svg' | 'csv' | 'md'): Promise<void> => {
    const name = (model.runs[0]?.config ?? 'curves').replace(/[^\w.-]+/g, '-');
    const what = sweeping ? 'sweep' : 'curves';
    const drawn = (): Scene =>
      model.whole(() => (sweeping ? sweepFigure(model, measure) : figure(model, measure)));
    if (kind === 'md') {
      model.send({ type: 'copy', text: markdown(model) });
      announce('Table copied as Markdown', true);
    } else if (kind === 'csv')
      model.send({
        type: 'export',
        kind,
        name: `${name}-${what}.csv`,
        data: sweeping ? sweepCsv(model) : model.whole(() => csv(model)),
      });
    else if (kind === 'svg')
      model.send({
        type: 'export',
        kind,
        name: `${name}-${what}.svg`,
        data: sceneToSvg(drawn()),
      });
    else
      model.send({
        type: 'export',
        kind,
        name: `${name}-${what}.png`,
        data: await sceneToPng(drawn(), 2),
      });
  };
  const onExport = (kind: 'png' | 'svg' | 'csv' | 'md'): void => {
    save(kind).catch((error: unknown) => model.send({ type: 'error', message: String(error) }));
  };

  // Facts for tests from outside, which look at the page alone.
  const focused = model.focusedGroup();
  const series = focused ? model.seriesOf(focused.runs[0]!.id, metricOf('loss')) : undefined;
  const drawn = series ? visibleRows(series, linearScale(model.domain(), [0, 1])) : [0, 0];
  const attributes = {
    'data-testid': 'curves',
    'data-points': String(drawn[1]! - drawn[0]!),
    'data-last-step': String(focused ? (model.dataOf(focused.runs[0]!.id).lastStep ?? '') : ''),
    'data-last-loss': String(series?.raw.last() ?? ''),
    'data-status': focused ? focused.runs[0]!.status : '',
    'data-zoom': state.zoom ? state.zoom.join(',') : '',
    'data-selected': model
      .visible()
      .map((group) => group.key)
      .join(' '),
    'data-runs': String(model.runs.length),
    'data-pending': String(model.pending),
    'data-view': sweeping ? 'sweep' : 'curves',
  };
  const runs = useMemo(
    () =>
      narrow ? (
        <RunList model={model} />
      ) : (
        <RunTable model={model} width={width} onMarkdown={() => onExport('md')} />
      ),
    [model, model.tableVersion, narrow, width],
  );
  const empty = model.loaded && model.runs.length === 0;
  const size = width === 0 ? '' : narrow ? 'narrow' : width < 1000 ? 'medium' : 'wide';
  return (
    <main class={`curves ${size}`} ref={root} {...attributes}>
      <h1 class="sr-only">Curves</h1>
      <Toolbar model={model} width={width || 1000} onExport={onExport} />
      {(!model.loaded || model.pending > 0) && (
        <div class="progress" role="progressbar" aria-label="Reading runs" />
      )}
      <Messages model={model} />
      {empty ? (
        <Empty model={model} />
      ) : (
        width > 0 && (
          <>
            {state.table ? (
              <DataTable model={model} />
            ) : sweeping ? (
              <SweepView model={model} width={width} measure={measure} />
            ) : (
              <div class="charts">
                {charts.slice(0, narrow ? 2 : 4).map((metric, place) => (
                  <ChartPanel
                    key={place}
                    model={model}
                    metric={metric}
                    place={place}
                    frame={
                      place === 0 ? layout.main : place === charts.length - 1 ? layout.last : layout.side
                    }
                    gutter={place === 0 && !narrow}
                    measure={measure}
                    notes={place === 0 ? notes : []}
                    checkpoints={place === 0 ? checkpoints : []}
                    message={place === 0 ? waitingText(model) : undefined}
                  />
                ))}
              </div>
            )}
            {!sweeping && !state.table && <MoreCharts model={model} width={width} measure={measure} />}
            {(!sweeping || state.table) && runs}
          </>
        )
      )}
    </main>
  );
}
