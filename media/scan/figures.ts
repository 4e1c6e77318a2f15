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

/** Undefined while what the view shows is not there. */
export function figureOf(
  model: ScanModel,
  width: number,
  theme: Theme,
  measureText: Measure,
): Figure | undefined {
  const { state, inspection, matrices, filters, replay } = model;
  const { frames, tokens, losses } = replay;
  const options = { width, theme, measureText };
  const source = state.source ?? undefined;
  switch (state.view) {
    case 'memory': {
      const { memory } = model;
      return (
        memory &&
        drawMemory(
          memory,
          {
            position: model.position,
            source: model.linked ?? source,
            overlay:
              (state.overlay === 'surprise' && !inspection?.surprise) ||
              (state.overlay === 'write' && !memory.writes)
                ? 'contribution'
                : state.overlay,
          },
          { ...options, surveys: model.survey?.surveys ?? [] },
        )
      );
    }
    case 'attention':
      if (matrices.length === 0) return undefined;
      return drawAttention(
        model.picked.with(matrices, null),
        {
          layer: model.layer,
          matrix: state.matrix,
          position: model.position,
          source,
          measure: state.measure,
          scale: state.scale,
          window: state.window ?? undefined,
        },
        {
          ...options,
          tokens: inspection?.tokens ?? [],
          name: model.name,
          detail: detailAt(model, state.matrix),
          pin: state.pin && {
            pin: state.pin,
            layers: model.pinned.matrices && model.picked.with(model.pinned.matrices, state.pin.target),
            // The probes that exact entries follow from are those of the layer that is shown.
            detail:
              state.pin.target === null && state.pin.layer === model.layer
                ? detailAt(model, state.pin.matrix)
                : undefined,
          },
        },
      );
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
      if (frames.length === 0) return undefined;
      return drawTraining(
        {
          layer: replay.layer,
          at: replay.index,
          choose: state.frames,
          position: Math.min(model.position, tokens.length - 1),
          source,
        },
        { ...options, frames, tokens, losses },
      );
    case 'sequence':
      return undefined;
  }
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
