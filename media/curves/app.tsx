/** @file The Curves panel: bar, messages, charts or what stands in their place, run table. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { canvasMeasure } from '../../src/figures/core/canvas';
import { useSource, useWidth } from '../shared/hooks';
import { Charts } from './chart/charts';
import { MoreCharts } from './chart/more';
import { DataTable } from './data-table';
import { Empty, Messages } from './messages';
import type { CurvesModel } from './model';
import { attributesOf } from './outside';
import type { PartProps } from './part';
import { RunList } from './runs/list';
import { RunTable } from './runs/table';
import { save, type ExportKind } from './save';
import { isSweeping } from './sweep/rows';
import { SweepView } from './sweep/view';
import { Toolbar } from './toolbar/toolbar';

export function App({ model }: { model: CurvesModel }): JSX.Element {
  useSource(model);
  useTableKey(model);
  const [root, width] = useWidth<HTMLDivElement>();
  const { fonts } = model.theme;
  const measure = useMemo(() => canvasMeasure(fonts), [fonts.ui, fonts.mono]);
  const onExport = (kind: ExportKind): void => save(model, measure, kind);
  const size = width === 0 ? '' : width < 700 ? 'narrow' : width < 1000 ? 'medium' : 'wide';
  return (
    <main class={`curves ${size}`} ref={root} {...attributesOf(model)}>
      <h1 class="sr-only">Curves</h1>
      <Toolbar model={model} width={width || 1000} onExport={onExport} />
      {(!model.loaded || model.pending > 0) && (
        <div class="progress" role="progressbar" aria-label="Reading runs" />
      )}
      <Messages model={model} />
      {model.loaded && model.runs.length === 0 ? (
        <Empty model={model} />
      ) : (
        width > 0 && <Shown model={model} width={width} measure={measure} onExport={onExport} />
      )}
    </main>
  );
}

/** T shows the numbers, and the picture again. */
function useTableKey(model: CurvesModel): void {
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.matches('input[type=search], select, input[type=text]')) return;
      if (event.key !== 't' && event.key !== 'T') return;
      model.patch({ table: !model.state.table });
      event.preventDefault();
    };
    document.addEventListener('keydown', key);
    return () => document.removeEventListener('keydown', key);
  }, [model]);
}

function Shown({ onExport, ...part }: PartProps & { onExport(kind: ExportKind): void }): JSX.Element {
  const { model, width } = part;
  const narrow = width < 700;
  // Drawn anew only where the table changes, not with every movement of the pointer.
  const runs = useMemo(
    () =>
      narrow ? (
        <RunList model={model} />
      ) : (
        <RunTable model={model} width={width} onMarkdown={() => onExport('md')} />
      ),
    [model, model.tableVersion, narrow, width],
  );
  if (model.state.table)
    return (
      <>
        <DataTable model={model} />
        {runs}
      </>
    );
  if (isSweeping(model)) return <SweepView {...part} />;
  return (
    <>
      <Charts {...part} />
      <MoreCharts {...part} />
      {runs}
    </>
  );
}
