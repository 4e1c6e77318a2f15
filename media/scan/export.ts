/** @file Figures and numbers that leave the panel. */
import { canvasMeasure } from '../../src/figures/core/canvas';
import type { Scene } from '../../src/figures/core/scene';
import { sceneToSvg } from '../../src/figures/core/svg';
import { printTheme } from '../../src/figures/core/theme';
import { layoutSequence } from '../../src/figures/scan/layout';
import { drawSequence } from '../../src/figures/scan/sequence';
import { scanSummary } from '../../src/figures/scan/step';
import { inspectionCsv, inspectionJson } from '../../src/figures/scan/table';
import { sceneToPng } from '../shared/canvas';
import { figureOf, labelOf } from './figures';
import type { ScanModel } from './model';
import { numbersOf } from './tables';

export type ExportKind = 'png' | 'svg' | 'csv' | 'json';

/** Characters that the clipboard takes. */
const MOST = 9_000_000;

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

async function write(model: ScanModel, kind: ExportKind): Promise<void> {
  const { state, layer } = model;
  const part = state.view === 'sequence' ? '' : `-${state.view}`;
  const file = `${model.name || 'scan'}-layer${layer}${part}`.replace(/[^\w.-]+/g, '-');
  const name = `${file}.${kind}`;
  if (kind === 'csv' || kind === 'json') {
    const numbers = numbersOf(model);
    if (!numbers) return;
    const data = kind === 'csv' ? inspectionCsv(numbers) : inspectionJson(numbers);
    model.send({ type: 'export', kind, name, data });
    return;
  }
  const scene = figure(model);
  if (!scene) return;
  if (kind === 'svg') model.send({ type: 'export', kind, name, data: sceneToSvg(scene) });
  else model.send({ type: 'export', kind, name, data: await sceneToPng(scene, 2) });
}

export const exporter = (model: ScanModel) => ({
  save(kind: ExportKind): void {
    write(model, kind).catch((error: unknown) => model.send({ type: 'error', message: String(error) }));
  },
  copy(): void {
    const numbers = numbersOf(model);
    if (numbers) model.send({ type: 'copy', text: inspectionCsv(numbers).slice(0, MOST) });
  },
});
