/** @file The pointer and the wheel on the sequence: playhead, channel, zoom, what is under the pointer. */
import { overviewAt, positionAt, rowAt, type SequenceLayout } from '../../../src/figures/scan/layout';
import { movedPart, partAround, shownPart, zoomedPart, type Part } from '../../../src/figures/scan/part';
import type { Recurrence } from '../../../src/figures/scan/recurrence';
import { useGestures, type Drag, type Spot } from '../../shared/gestures';
import type { ScanModel } from '../model';
import type { Pointed } from '../picture';
import { cellAt, tipAt } from './tip';

/** What is drawn at the moment. */
export interface Drawn {
  readonly scan: Recurrence;
  readonly layout: SequenceLayout;
}

export function usePointer({ root, latest, setTip }: Pointed<Drawn>, model: ScanModel): void {
  const drawn = (): Drawn => latest.current!;
  const link = (t: number | undefined): void => {
    if (model.linked === t) return;
    model.linked = t;
    model.notify();
  };
  const hover = (at: Spot): void => {
    const { scan, layout } = drawn();
    const t = positionAt(layout, at.x);
    link(overviewAt(layout, scan.length, at.x, at.y) ?? t);
    setTip(t === undefined ? undefined : tipAt(model, scan, layout, t, at));
  };
  useGestures(
    root,
    () => ({
      hover,
      leave() {
        link(undefined);
        setTip(undefined);
      },
      press(from, { button, shiftKey }) {
        if (button !== 0) return undefined;
        const { scan, layout } = drawn();
        const { zoom } = model.state;
        if (shiftKey && zoom) return panning(model, drawn, zoom, from);
        if (overviewAt(layout, scan.length, from.x, from.y) !== undefined)
          return travelling(model, drawn, from, hover);
        choose(model, drawn(), from);
        return scrubbing(model, drawn, hover);
      },
      zoom(factor, { x }) {
        const { scan, layout } = drawn();
        const at = layout.from + (x - layout.left) / layout.cell;
        const part = shownPart(model.state.zoom, layout);
        model.patch({ zoom: zoomedPart(part, factor, at, scan.length, layout.room) });
        return true;
      },
      pan(by) {
        const { scan, layout } = drawn();
        if (!layout.windowed) return false;
        const part = shownPart(model.state.zoom, layout);
        model.patch({ zoom: movedPart(part, by / layout.cell, scan.length) });
        return true;
      },
      reset: () => model.patch({ zoom: null }),
    }),
    [model],
  );
}

/** Puts the playhead on a position; in the map of channels a channel is chosen too. */
function choose(model: ScanModel, { scan, layout }: Drawn, { x, y }: Spot): void {
  const t = positionAt(layout, x);
  if (t === undefined) return;
  model.cursor.moveTo(t);
  const row = rowAt(layout, y);
  const found = row?.id === 'channels' ? cellAt(model, scan, layout, row, t, y) : undefined;
  if (found) model.chooseChannel(found.entry);
}

/** Along the tokens the playhead goes with the pointer. */
function scrubbing(model: ScanModel, drawn: () => Drawn, hover: (at: Spot) => void): Drag {
  return {
    still: 0,
    move(at) {
      const { layout } = drawn();
      const t = positionAt(layout, at.x);
      if (t !== undefined && at.y < layout.tokens.y + layout.tokens.height) model.cursor.moveTo(t);
      hover(at);
    },
  };
}

/** The overview takes the playhead anywhere, and what is zoomed to with it. */
function travelling(model: ScanModel, drawn: () => Drawn, from: Spot, hover: (at: Spot) => void): Drag {
  const go = ({ x }: Spot): void => {
    const { scan, layout } = drawn();
    // Above or below the overview it is still its position that counts.
    const t = overviewAt(layout, scan.length, Math.max(layout.left, x), 0);
    if (t === undefined) return;
    const { zoom } = model.state;
    if (zoom) model.patch({ zoom: partAround(zoom, t, scan.length) });
    model.cursor.moveTo(t);
  };
  go(from);
  return {
    still: 0,
    move(at) {
      go(at);
      hover(at);
    },
  };
}

/** What is zoomed to goes with the pointer. */
function panning(model: ScanModel, drawn: () => Drawn, began: Part, from: Spot): Drag {
  return {
    still: 0,
    move({ x }) {
      const { scan, layout } = drawn();
      model.patch({ zoom: movedPart(began, (from.x - x) / layout.cell, scan.length) });
    },
  };
}
