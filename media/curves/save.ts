/** @file What *Export* does: a picture or numbers to a file, the table to the clipboard. */
import type { Measure, Scene } from '../../src/figures/core/scene';
import { sceneToSvg } from '../../src/figures/core/svg';
import { announce } from '../shared/announce';
import { sceneToPng } from '../shared/canvas';
import { csv, figure, markdown } from './export';
import type { CurvesModel } from './model';
import { sweepCsv, sweepFigure } from './sweep/export';
import { isSweeping } from './sweep/rows';

export type ExportKind = 'png' | 'svg' | 'csv' | 'md';

/** Saves what is shown; the host is told where that fails. */
export function save(model: CurvesModel, measure: Measure, kind: ExportKind): void {
  write(model, measure, kind).catch((error: unknown) =>
    model.send({ type: 'error', message: String(error) }),
  );
}

async function write(model: CurvesModel, measure: Measure, kind: ExportKind): Promise<void> {
  if (kind === 'md') {
    model.send({ type: 'copy', text: markdown(model) });
    announce('Table copied as Markdown', true);
    return;
  }
  const sweeping = isSweeping(model);
  const config = (model.runs[0]?.config ?? 'curves').replace(/[^\w.-]+/g, '-');
  const name = `${config}-${sweeping ? 'sweep' : 'curves'}.${kind}`;
  const numbers = (): string => (sweeping ? sweepCsv(model) : model.whole(() => csv(model)));
  const drawn = (): Scene =>
    model.whole(() => (sweeping ? sweepFigure(model, measure) : figure(model, measure)));
  const data =
    kind === 'csv' ? numbers() : kind === 'svg' ? sceneToSvg(drawn()) : await sceneToPng(drawn(), 2);
  model.send({ type: 'export', kind, name, data });
}
