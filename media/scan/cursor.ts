/** @file Moving what is chosen: the playhead, the other token, channel, layer, and the part of the matrices that is shown. */
import { moved, showing, within, zoomed, type Window } from '../../src/figures/scan/attention/window';
import { partShowing } from '../../src/figures/scan/part';
import { stepsOf } from '../../src/figures/scan/order/options';
import { scanSummary } from '../../src/figures/scan/step';
import type { ScanState } from '../../src/protocol/view-scan';
import { announce } from '../shared/announce';
import type { ScanModel } from './model';

const clamp = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));

export class Cursor {
  constructor(private readonly model: ScanModel) {}

  moveTo(position: number, asked = true): void {
    const { model } = this;
    const scan = model.active;
    const next = clamp(position, model.length);
    model.patch({ position: next, ...this.following(next, model.state.source ?? next) });
    if (scan && model.state.view === 'sequence')
      announce(scanSummary(scan, next, model.channel), asked && !model.playback.playing);
  }

  /** The other token, the one that is read. */
  moveSource(by: number): void {
    const { model } = this;
    const source = clamp((model.state.source ?? model.position) + by, model.length);
    model.patch({ source, ...this.following(model.position, source) });
  }

  /** Next or previous position where the channel writes. */
  jumpToWrite(direction: 1 | -1): void {
    const { scan, channel, position } = this.model;
    const writes = scan?.writes(channel) ?? [];
    const next = direction > 0 ? writes.find((t) => t > position) : writes.findLast((t) => t < position);
    if (next !== undefined) this.moveTo(next);
  }

  /** Another channel in the order of the menu. */
  moveChannel(by: number): void {
    const { model } = this;
    const order = model.scan?.strongest ?? [];
    const next = order[clamp(order.indexOf(model.channel) + by, order.length)];
    if (next !== undefined) model.chooseChannel(next);
  }

  moveLayer(by: number): void {
    const { model } = this;
    const next = clamp(model.layer + by, model.inspection?.layers.length ?? 1);
    if (next !== model.layer) model.patch({ layer: next });
  }

  /** Step of the routes. */
  moveStep(by: number): void {
    const { order } = this.model.state;
    this.model.patch({ order: { ...order, step: clamp(order.step + by, stepsOf(order)) } });
  }

  /** Shows `factor` times as many positions of the matrices, around a cell or the chosen one. */
  zoom(factor: number, at?: { readonly query: number; readonly key: number }): void {
    const { model } = this;
    const query = model.position;
    const around = at ?? { query, key: model.state.source ?? query };
    model.patch({ window: zoomed(model.state.window, model.length, factor, around) ?? null });
  }

  /** Shows this part of the matrices. */
  show(window: Window): void {
    this.model.patch({ window: within(window, this.model.length) ?? null });
  }

  /** Moves the window of the matrices by positions. */
  pan(from: Window, queries: number, keys: number): void {
    this.model.patch({ window: moved(from, this.model.length, queries, keys) ?? null });
  }

  /** What is zoomed to, moved so that it shows the playhead or a cell. */
  private following(query: number, key: number): Partial<ScanState> {
    const { model } = this;
    const { window, zoom, view } = model.state;
    if (window && view === 'attention') return { window: showing(window, model.length, query, key) ?? null };
    if (zoom && view === 'sequence') return { zoom: partShowing(zoom, query, model.length) };
    return {};
  }
}
