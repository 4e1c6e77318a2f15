/** @file Facts about what is shown, as attributes: for tests from outside, which look at the page alone. */
import type { ScanModel } from './model';

export function attributesOf(model: ScanModel): Record<`data-${string}`, string> {
  const { scan, inspection, state } = model;
  return {
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
    'data-frames': String(model.replay.frames.length),
    'data-frame': String(model.replay.index),
    'data-order-step': String(state.order.step),
    'data-busy': String(model.busy),
    'data-probe': state.table ?? '',
    'data-present': String(model.present),
    'data-playing': String(model.playback.playing),
  };
}
