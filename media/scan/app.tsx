/** @file The Scan panel: header, sequence or another view, step in numbers. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { canvasMeasure } from '../../src/figures/core/canvas';
import { useSource, useWidth } from '../shared/hooks';
import { DataTable } from './data-table';
import { exporter } from './export';
import { Header, ViewSwitch } from './header';
import { useKeys } from './keys';
import { LayerLine } from './layer-line';
import { Skeleton, usePatience, WaitingLine } from './loading';
import type { ScanModel } from './model';
import { Messages } from './messages';
import { Cancelled, Failure, NoScan } from './notes';
import { attributesOf } from './outside';
import { SequencePanel } from './sequence/panel';
import { StepPanel } from './step-panel';
import { ViewLine } from './view-line';
import { ViewPanel } from './view-panel';

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

  const patience = usePatience(model.busy);
  const exports = exporter(model);
  const size = width === 0 ? '' : narrow ? 'narrow' : beside ? 'wide' : 'medium';
  return (
    <main class={`scan ${size}`} ref={root} {...attributesOf(model)}>
      <h1 class="sr-only">Scan</h1>
      <Header model={model} width={width || 1000} onExport={exports.save} onCopy={exports.copy} />
      {model.busy && <div class="progress" role="progressbar" aria-label="Inspecting" />}
      <Messages model={model} />
      {width > 0 && width < 460 && (
        <div class="line">
          <ViewSwitch model={model} compact />
        </div>
      )}
      {inspection && state.view !== 'order' && <LayerLine model={model} width={width || 1000} />}
      {state.table === null && (inspection !== undefined || state.view === 'order') && (
        <ViewLine model={model} width={width || 1000} />
      )}
      {width === 0 ? null : state.view === 'order' && state.table === null ? (
        <ViewPanel model={model} width={width - 32} measure={measure} />
      ) : inspection === undefined && model.failure !== undefined ? (
        <Failure model={model} />
      ) : inspection === undefined && model.waiting.cancelled ? (
        <Cancelled model={model} />
      ) : inspection === undefined ? (
        <>
          <WaitingLine model={model} patience={patience} />
          {state.table === null && (
            <Skeleton
              model={model}
              width={state.view === 'sequence' ? plotWidth : width - 32}
              measure={measure}
              narrow={narrow}
            />
          )}
        </>
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
      {(inspection !== undefined || state.view === 'order') && (
        <WaitingLine model={model} patience={patience} foot />
      )}
    </main>
  );
}
