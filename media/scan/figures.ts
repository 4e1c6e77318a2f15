/** @file The figure of each view from the panel's state; the same for the screen and for export. */
import type { Measure } from '../../src/figures/core/scene';
import type { Theme } from '../../src/figures/core/theme';
import { around, detailOf, EXACT, type Detail } from '../../src/figures/scan/attention/detail';
import { drawAttention } from '../../src/figures/scan/attention/view';
import type { Figure } from '../../src/figures/scan/figure';
import { drawKernel } from '../../src/figures/scan/kernel/view';
import { drawMemory } from '../../src/figures/scan/memory/view';
import { drawOrder } from '../../src/figures/scan/order/view';
import { drawTraining } from '../../src/figures/scan/training/view';
import type { ScanModel } from './model';

interface Options {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
}

/** Undefined while what the view shows is not there. */
export function figureOf(
  model: ScanModel,
  width: number,
  theme: Theme,
  measureText: Measure,
): Figure | undefined {
  const { state, inspection, filters } = model;
  const options: Options = { width, theme, measureText };
  switch (state.view) {
    case 'memory':
      return memoryFigure(model, options);
    case 'attention':
      return attentionFigure(model, options);
    case 'kernel':
      return (
        filters &&
        drawKernel(
          { channel: model.filterChannel, mode: state.mode, compare: state.compare },
          { ...options, arrays: filters, layer: model.layer },
        )
      );
    case 'order':
      return drawOrder(state.order, { ...options, picture: inspection?.image });
    case 'training':
      return trainingFigure(model, options);
    case 'sequence':
      return undefined;
  }
}

function memoryFigure(model: ScanModel, options: Options): Figure | undefined {
  const { memory, state, inspection, position, linked, survey } = model;
  if (!memory) return undefined;
  const isMissing =
    (state.overlay === 'surprise' && !inspection?.surprise) || (state.overlay === 'write' && !memory.writes);
  const overlay = isMissing ? 'contribution' : state.overlay;
  return drawMemory(
    memory,
    { position, source: linked ?? state.source ?? undefined, overlay },
    { ...options, surveys: survey?.surveys ?? [] },
  );
}

function attentionFigure(model: ScanModel, options: Options): Figure | undefined {
  const { state, inspection, matrices, picked, pinned } = model;
  if (matrices.length === 0) return undefined;
  const { pin, matrix, measure, scale } = state;
  const view = {
    layer: model.layer,
    matrix,
    position: model.position,
    source: state.source ?? undefined,
    measure,
    scale,
    window: state.window ?? undefined,
  };
  // The probes that exact entries follow from are those of the layer that is shown.
  const isExact = pin?.target === null && pin.layer === model.layer;
  return drawAttention(picked.with(matrices, null), view, {
    ...options,
    tokens: inspection?.tokens ?? [],
    name: model.name,
    detail: detailAt(model, matrix),
    pin: pin && {
      pin,
      layers: pinned.matrices && picked.with(pinned.matrices, pin.target),
      detail: isExact ? detailAt(model, pin.matrix) : undefined,
    },
  });
}

function trainingFigure({ state, replay, position }: ScanModel, options: Options): Figure | undefined {
  const { frames, tokens, losses, layer, index } = replay;
  if (frames.length === 0) return undefined;
  return drawTraining(
    {
      layer,
      at: index,
      choose: state.frames,
      position: Math.min(position, tokens.length - 1),
      source: state.source ?? undefined,
    },
    { ...options, frames, tokens, losses },
  );
}

/** Where the matrices are in tiles: exact entries of the window, or around the chosen cell. */
function detailAt({ scan, state, position }: ScanModel, matrix: number | null): Detail | undefined {
  const { window, source, measure } = state;
  if (!scan || scan.length <= EXACT || measure !== 'entries') return undefined;
  if (window && window.size > EXACT) return undefined;
  return detailOf(scan, matrix, window ?? around(position, source ?? position));
}

/** Name of the picture for screen readers: what, unit, scale, extent. */
export function labelOf(model: ScanModel): string {
  const { state, inspection } = model;
  const tokens = inspection?.tokens.length ?? 0;
  switch (state.view) {
    case 'memory':
      return `Memory of layer ${model.layer}, ${inspection?.mixer ?? ''}, ${tokens} tokens, square-root scale`;
    case 'attention':
      return `Hidden attention of ${model.matrices.length} layers, ${tokens} tokens, square-root scale`;
    case 'kernel':
      return `Kernel of layer ${model.layer}, channel ${model.filterChannel}`;
    case 'order':
      return `Scan order ${state.order.system} on ${state.order.rows} by ${state.order.columns} tokens`;
    case 'training':
      return `Replay of training, ${model.replay.frames.length} probes of layer ${model.replay.layer}`;
    case 'sequence':
      return '';
  }
}
