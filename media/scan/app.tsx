/** @file The Scan panel: header, sequence, step in numbers; keys of all views. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { canvasMeasure } from '../../src/figures/core/canvas';
import { sceneToSvg } from '../../src/figures/core/svg';
import { printTheme } from '../../src/figures/core/theme';
import type { Scene } from '../../src/figures/core/scene';
import { layoutSequence } from '../../src/figures/scan/layout';
import { drawSequence } from '../../src/figures/scan/sequence';
import { scanSummary } from '../../src/figures/scan/step';
import { inspectionCsv, inspectionJson } from '../../src/figures/scan/table';
import { sceneToPng } from '../shared/canvas';
import { useSource, useWidth } from '../shared/hooks';
import { DataTable } from './data-table';
import { Header, LayerLine } from './header';
import type { ScanModel } from './model';
import { SequencePanel } from './sequence-panel';
import { StepPanel } from './step-panel';

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
  const { position, scan } = model;
  if (!scan) return false;
  // The table scrolls with these keys.
  const scrolling = target.matches('.data-scroll, .states-scroll');
  switch (event.key) {
    case 'ArrowLeft':
    case 'ArrowRight': {
      if (scrolling) return false;
      const direction = event.key === 'ArrowLeft' ? -1 : 1;
      if (control) model.jumpToWrite(direction);
      else model.moveTo(position + direction * (event.shiftKey ? 8 : 1));
      return true;
    }
    case 'Home':
    case 'End':
      if (control || scrolling) return false;
      model.moveTo(event.key === 'Home' ? 0 : scan.length - 1);
      return true;
    case 'ArrowUp':
    case 'ArrowDown':
      if (control || scrolling || !target.matches('.plot')) return false;
      model.moveChannel(event.key === 'ArrowUp' ? -1 : 1);
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
    case ',':
      model.setSpeed(-1);
      return true;
    case '.':
      model.setSpeed(1);
      return true;
    case '0':
      model.patch({ zoom: null });
      return true;
    case 't':
    case 'T':
      if (control) return false;
      model.patch({ table: model.state.table === null ? 'delta' : null });
      return true;
    case 'Escape':
      document.querySelector<HTMLElement>('.bar button, .bar input')?.focus();
      return true;
    default:
      return false;
  }
}

/** The sequence drawn anew on white, whatever the theme. */
function figure(model: ScanModel): Scene | undefined {
  const { scan } = model;
  if (!scan) return undefined;
  const theme = { ...printTheme(model.theme.fonts), fontSize: 13 };
  const measure = canvasMeasure(theme.fonts);
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
    description: scanSummary(scan, model.position, model.channel),
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
    if (!inspection) return;
    const name = `${model.name || 'scan'}-layer${inspection.layer}`.replace(/[^\w.-]+/g, '-');
    if (kind === 'csv')
      model.send({ type: 'export', kind, name: `${name}.csv`, data: inspectionCsv(inspection) });
    else if (kind === 'json')
      model.send({ type: 'export', kind, name: `${name}.json`, data: inspectionJson(inspection) });
    else {
      const scene = figure(model);
      if (!scene) return;
      if (kind === 'svg') model.send({ type: 'export', kind, name: `${name}.svg`, data: sceneToSvg(scene) });
      else model.send({ type: 'export', kind, name: `${name}.png`, data: await sceneToPng(scene, 2) });
    }
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
    'data-position': scan ? String(model.position) : '',
    'data-busy': String(model.busy),
    'data-probe': state.table ?? '',
    'data-playing': String(model.playing),
  };
  return (
    <main class={`scan ${size}`} ref={root} {...attributes}>
      <h1 class="sr-only">Scan</h1>
      <Header model={model} width={width || 1000} onExport={onExport} />
      {model.busy && <div class="progress" role="progressbar" aria-label="Inspecting" />}
      {inspection && <LayerLine model={model} width={width || 1000} />}
      {width === 0 ? null : model.failure !== undefined ? (
        <Failure model={model} />
      ) : inspection === undefined ? (
        <div class="note">
          <p>{model.busy ? 'Running the model on one example. The first time takes a few seconds.' : ''}</p>
        </div>
      ) : state.table !== null ? (
        <DataTable model={model} />
      ) : scan === undefined ? (
        <NoScan model={model} />
      ) : (
        <div class={model.busy ? 'views stale' : 'views'}>
          <SequencePanel model={model} scan={scan} width={plotWidth} measure={measure} narrow={narrow} />
          <StepPanel model={model} scan={scan} width={stepWidth} narrow={narrow} />
        </div>
      )}
    </main>
  );
}
