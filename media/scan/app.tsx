/** @file The Scan panel: header, sequence, step in numbers; keys of all views. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { canvasMeasure } from '../../src/figures/core/canvas';
import { sceneToSvg } from '../../src/figures/core/svg';
import { printTheme } from '../../src/figures/core/theme';
import type { Measure, Scene } from '../../src/figures/core/scene';
import { layoutSequence } from '../../src/figures/scan/layout';
import { drawSequence } from '../../src/figures/scan/sequence';
import { scanSummary } from '../../src/figures/scan/step';
import { inspectionCsv, inspectionJson } from '../../src/figures/scan/table';
import { sceneToPng } from '../shared/canvas';
import { useSource, useWidth } from '../shared/hooks';
import { DataTable } from './data-table';
import { figureOf, labelOf } from './figures';
import { FigurePanel } from './figure-panel';
import { Header, LayerLine, viewNames, ViewSwitch } from './header';
import type { ScanModel } from './model';
import { SequencePanel } from './sequence-panel';
import { StepPanel } from './step-panel';
import { numbersOf } from './tables';
import { ViewLine } from './view-line';
import { views } from '../../src/protocol/view-scan';

function useKeys(model: ScanModel): void {
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.altKey || target.matches('input, select, textarea, [role^=menuitem]')) return;
      if (handleKey(event, model, target)) event.preventDefault();
    };
    document.addEventListener('keydown', key);
    return () => document.removeEventListener('keydown', key);
  }, [model]);
}

function handleKey(event: KeyboardEvent, model: ScanModel, target: HTMLElement): boolean {
  const control = event.ctrlKey || event.metaKey;
  const { position, state } = model;
  const { view } = state;
  // The table scrolls with these keys.
  const scrolling = target.matches('.data-scroll, .states-scroll');
  const chosen = /^[1-6]$/.test(event.key) ? views[Number(event.key) - 1] : undefined;
  if (chosen && !control && !event.shiftKey) {
    if (model.unavailable(chosen) === undefined) model.patch({ view: chosen, table: null });
    return true;
  }
  switch (event.key) {
    case 'ArrowLeft':
    case 'ArrowRight': {
      if (scrolling) return false;
      const direction = event.key === 'ArrowLeft' ? -1 : 1;
      if (view === 'order') model.moveStep(direction * (event.shiftKey ? 8 : 1));
      else if (view === 'training') model.moveFrame(direction);
      else if (view === 'attention' && event.shiftKey && state.window)
        model.pan(state.window, 0, (direction * state.window.size) / 4);
      else if (view === 'attention' && !event.shiftKey && !control) model.moveSource(direction);
      else if (control) model.jumpToWrite(direction);
      else model.moveTo(position + direction * (event.shiftKey ? 8 : 1));
      return true;
    }
    case 'Home':
    case 'End':
      if (control || scrolling) return false;
      model.moveTo(event.key === 'Home' ? 0 : model.length - 1);
      return true;
    case '[':
    case ']':
      if (model.frames.length === 0) return false;
      model.moveFrame(event.key === '[' ? -1 : 1);
      return true;
    case 'm':
    case 'M':
      if (view !== 'kernel' || control) return false;
      model.patch({ mode: state.mode === null ? 0 : state.mode + 1 });
      return true;
    case 'ArrowUp':
    case 'ArrowDown':
      if (control || scrolling || !target.matches('.plot')) return false;
      if (view === 'attention' && event.shiftKey && state.window)
        model.pan(state.window, ((event.key === 'ArrowUp' ? -1 : 1) * state.window.size) / 4, 0);
      else if (view === 'attention') model.moveTo(position + (event.key === 'ArrowUp' ? -1 : 1));
      else if (view === 'kernel')
        model.patch({ channel: Math.max(0, model.filterChannel + (event.key === 'ArrowUp' ? -1 : 1)) });
      else model.moveChannel(event.key === 'ArrowUp' ? -1 : 1);
      return true;
    case 'PageUp':
    case 'PageDown':
      if (scrolling) return false;
      model.moveLayer(event.key === 'PageUp' ? -1 : 1);
      return true;
    case ' ':
      if (target.matches('button, a')) return false;
      model.play();
      return true;
    case 'd':
    case 'D':
      if (view !== 'sequence' || control || !model.scan?.other) return false;
      model.patch({ direction: state.direction === 'forward' ? 'backward' : 'forward' });
      return true;
    case ',':
      model.setSpeed(-1);
      return true;
    case '.':
      model.setSpeed(1);
      return true;
    case '0':
      if (control) return false;
      model.patch(view === 'attention' ? { window: null } : { zoom: null });
      return true;
    case '+':
    case '=':
    case '-':
      if (view !== 'attention' || control) return false;
      model.zoom(event.key === '-' ? 2 : 0.5);
      return true;
    case 'p':
    case 'P':
      if (view !== 'attention' || control) return false;
      model.pinned.toggle();
      return true;
    case 't':
    case 'T':
      if (control) return false;
      model.patch({ table: state.table === null ? model.firstTable : null });
      return true;
    case 'Escape':
      document.querySelector<HTMLElement>('.bar button, .bar input')?.focus();
      return true;
    default:
      return false;
  }
}

/** The view drawn anew on white, whatever the theme. */
function figure(model: ScanModel): Scene | undefined {
  const { scan } = model;
  const theme = { ...printTheme(model.theme.fonts), fontSize: 13 };
  const measure = canvasMeasure(theme.fonts);
  const drawn = figureOf(model, 1180, theme, measure);
  if (drawn) {
    return {
      ...drawn.scene,
      background: theme.background,
      title: `${labelOf(model)} · ${model.name}`,
      description: drawn.summary,
    };
  }
  if (!scan || model.state.view !== 'sequence') return undefined;
  const layout = layoutSequence(scan, {
    width: 960,
    narrow: false,
    rows: model.rows(),
    scale: 1,
    zoom: model.state.zoom ?? undefined,
    position: model.position,
  });
  const scene = drawSequence(
    scan,
    layout,
    { channel: model.channel, position: model.position, quantity: model.quantity },
    theme,
    measure,
  );
  return {
    ...scene,
    background: theme.background,
    title: `Scan of ${model.name}, layer ${model.layer}, channel ${model.channel}`,
    description: scanSummary(model.active ?? scan, model.position, model.channel),
  };
}

function NoScan({ model }: { model: ScanModel }): JSX.Element {
  const { inspection } = model;
  const near = model.nearestScanLayer();
  const mixer = inspection?.mixer ?? '';
  const nearMixer = inspection?.layers.find((layer) => layer.index === near)?.mixer;
  const probes = Object.keys(inspection?.probes ?? {});
  const why =
    mixer === 'attention'
      ? 'Attention keeps every earlier token instead of a state, so there is no recurrence to step through.'
      : mixer === 'mlp'
        ? 'An MLP treats every token by itself: nothing is kept between tokens.'
        : 'This layer tells no step size, decay and state.';
  return (
    <div class="note">
      <h2>{`layers.${model.layer} ${mixer} has no scan`}</h2>
      <p>{why}</p>
      <div class="actions">
        {near !== undefined && (
          <button type="button" class="button" onClick={() => model.patch({ layer: near })}>
            {`Show layers.${near} ${nearMixer}`}
          </button>
        )}
        {probes.length > 0 && (
          <button
            type="button"
            class="button quiet"
            onClick={() => model.patch({ table: probes[0] ?? null })}
          >
            {`Show ${probes.join(', ')} as a table`}
          </button>
        )}
      </div>
      {near === undefined && <p>No layer of this model has one.</p>}
    </div>
  );
}

/** Why there is no picture, and what there is instead. */
function NoView({ model }: { model: ScanModel }): JSX.Element {
  const { view } = model.state;
  const why = model.unavailable(view);
  if (view === 'attention' && model.survey) {
    return (
      <div class="note">
        <h2>No layer mixes tokens</h2>
        <p>None of the layers of this model shows a matrix between tokens.</p>
      </div>
    );
  }
  if (why === undefined)
    return (
      <div class="note">
        <p role="status">{model.busy ? 'Looking at this example.' : 'There is nothing to show yet.'}</p>
      </div>
    );
  const scans = model.nearestScanLayer();
  return (
    <div class="note">
      <h2>{viewNames[view]} is not possible here</h2>
      <p>{why}</p>
      <div class="actions">
        {scans !== undefined && scans !== model.layer && view === 'memory' && (
          <button type="button" class="button" onClick={() => model.patch({ layer: scans })}>
            {`Show layers.${scans}`}
          </button>
        )}
        <button type="button" class="button quiet" onClick={() => model.patch({ view: 'attention' })}>
          Show hidden attention
        </button>
      </div>
    </div>
  );
}

function ViewPanel({
  model,
  width,
  measure,
}: {
  model: ScanModel;
  width: number;
  measure: Measure;
}): JSX.Element {
  const { state, theme } = model;
  const drawn = useMemo(
    () => figureOf(model, width, theme, measure),
    [
      state,
      theme,
      width,
      measure,
      model.inspection,
      model.survey,
      model.pinned.matrices,
      model.filters,
      model.frames,
      model.losses,
      state.view === 'memory' ? model.linked : 0,
    ],
  );
  if (!drawn) return <NoView model={model} />;
  return (
    <div class={model.busy ? 'views single stale' : 'views single'}>
      <FigurePanel model={model} figure={drawn} label={labelOf(model)} />
    </div>
  );
}

function Failure({ model }: { model: ScanModel }): JSX.Element {
  return (
    <div class="note" role="alert">
      <h2>This cannot be inspected</h2>
      <p>{model.failure}</p>
      <div class="actions">
        <button type="button" class="button" onClick={() => model.ask()}>
          Try again
        </button>
        {model.state.ids !== null && (
          <button type="button" class="button quiet" onClick={() => model.patch({ ids: null })}>
            Use an example of the data
          </button>
        )}
        <button
          type="button"
          class="button quiet"
          onClick={() => model.send({ type: 'command', command: 'log' })}
        >
          Show Log
        </button>
      </div>
    </div>
  );
}

export function App({ model }: { model: ScanModel }): JSX.Element {
  useSource(model);
  useKeys(model);
  const [root, width] = useWidth<HTMLDivElement>();
  const { theme, scan, inspection, state } = model;
  const measure = useMemo(() => canvasMeasure(theme.fonts), [theme.fonts.ui, theme.fonts.mono]);
  const narrow = width < 700;
  const beside = width >= 900;
  const stepWidth = beside ? Math.round(344 * (theme.fontSize / 13)) : Math.min(480, width - 32);
  const plotWidth = beside ? width - 32 - stepWidth - 32 : width - 32;

  const save = async (kind: 'png' | 'svg' | 'csv' | 'json'): Promise<void> => {
    const part = state.view === 'sequence' ? '' : `-${state.view}`;
    const name = `${model.name || 'scan'}-layer${model.layer}${part}`.replace(/[^\w.-]+/g, '-');
    if (kind === 'csv' || kind === 'json') {
      const numbers = numbersOf(model);
      if (!numbers) return;
      const data = kind === 'csv' ? inspectionCsv(numbers) : inspectionJson(numbers);
      model.send({ type: 'export', kind, name: `${name}.${kind}`, data });
    } else {
      const scene = figure(model);
      if (!scene) return;
      if (kind === 'svg') model.send({ type: 'export', kind, name: `${name}.svg`, data: sceneToSvg(scene) });
      else model.send({ type: 'export', kind, name: `${name}.png`, data: await sceneToPng(scene, 2) });
    }
  };
  const onCopy = (): void => {
    const numbers = numbersOf(model);
    if (numbers) model.send({ type: 'copy', text: inspectionCsv(numbers).slice(0, 9_000_000) });
  };
  const onExport = (kind: 'png' | 'svg' | 'csv' | 'json'): void => {
    save(kind).catch((error: unknown) => model.send({ type: 'error', message: String(error) }));
  };
  const size = width === 0 ? '' : narrow ? 'narrow' : beside ? 'wide' : 'medium';
  const attributes = {
    'data-testid': 'scan',
    'data-layer': inspection ? String(inspection.layer) : '',
    'data-mixer': inspection?.mixer ?? '',
    'data-example': state.ids ? 'typed' : String(inspection?.example ?? state.example),
    'data-channel': scan ? String(model.channel) : '',
    'data-position': inspection ? String(model.position) : '',
    'data-view': state.view,
    'data-source': state.source === null ? '' : String(state.source),
    'data-window': state.window ? JSON.stringify(state.window) : '',
    'data-pinned': state.pin ? (state.pin.target ?? 'here') : '',
    'data-frames': String(model.frames.length),
    'data-busy': String(model.busy),
    'data-probe': state.table ?? '',
    'data-playing': String(model.playing),
  };
  return (
    <main class={`scan ${size}`} ref={root} {...attributes}>
      <h1 class="sr-only">Scan</h1>
      <Header model={model} width={width || 1000} onExport={onExport} onCopy={onCopy} />
      {model.busy && <div class="progress" role="progressbar" aria-label="Inspecting" />}
      {width > 0 && width < 460 && (
        <div class="line">
          <ViewSwitch model={model} compact />
        </div>
      )}
      {inspection && state.view !== 'order' && <LayerLine model={model} width={width || 1000} />}
      {state.table === null && <ViewLine model={model} width={width || 1000} />}
      {width === 0 ? null : state.view === 'order' && state.table === null ? (
        <ViewPanel model={model} width={width - 32} measure={measure} />
      ) : model.failure !== undefined ? (
        <Failure model={model} />
      ) : inspection === undefined ? (
        <div class="note">
          <p>{model.busy ? 'Running the model on one example. The first time takes a few seconds.' : ''}</p>
        </div>
      ) : state.table !== null ? (
        <DataTable model={model} />
      ) : state.view !== 'sequence' ? (
        <ViewPanel model={model} width={width - 32} measure={measure} />
      ) : scan === undefined ? (
        <NoScan model={model} />
      ) : (
        <div class={model.busy ? 'views stale' : 'views'}>
          <SequencePanel model={model} scan={scan} width={plotWidth} measure={measure} narrow={narrow} />
          <StepPanel model={model} scan={model.active ?? scan} width={stepWidth} narrow={narrow} />
        </div>
      )}
    </main>
  );
}
