/** @file The pointer and the wheel on a figure: what is under the pointer, choosing it, marking and moving a part of a matrix. */
import type { Window } from '../../../src/figures/scan/attention/window';
import { pickAt, type Figure, type Viewport } from '../../../src/figures/scan/figure';
import { useGestures, type Drag, type Spot } from '../../shared/gestures';
import type { ScanModel } from '../model';
import type { Pointed } from '../picture';
import type { Tip } from '../tip';

/** The square that is being marked, px. */
export interface Brush {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** What is shown over the figure while the pointer is there. */
interface Over {
  tip(tip: Tip | undefined): void;
  brush(brush: Brush | undefined): void;
}

export function usePointer(
  { root, latest, setTip }: Pointed<Figure>,
  model: ScanModel,
  setBrush: Over['brush'],
): void {
  const over: Over = { tip: setTip, brush: setBrush };
  const figure = (): Figure => latest.current!;
  const link = (position: number | undefined): void => {
    if (model.linked === position) return;
    model.linked = position;
    model.notify();
  };
  const choose = ({ x, y }: Spot): void => {
    const pick = pickAt(figure(), x, y);
    if (pick) model.choose(pick);
  };
  useGestures(
    root,
    () => ({
      hover({ x, y }) {
        const pick = pickAt(figure(), x, y);
        root.current!.style.cursor = pick ? 'pointer' : 'default';
        over.tip(pick && { x, y, text: pick.text });
        link(pick?.source ?? pick?.position);
      },
      leave() {
        over.tip(undefined);
        link(undefined);
      },
      press(from, { button, shiftKey }) {
        if (button !== 0) return undefined;
        const viewport = viewportAt(figure(), from);
        if (!viewport) {
          choose(from);
          return undefined;
        }
        const { window } = model.state;
        const drag =
          window && !shiftKey
            ? panning(model, viewport, window, from, over)
            : marking(model, viewport, from, over);
        return { ...drag, click: choose };
      },
      zoom(factor, at) {
        const viewport = viewportAt(figure(), at);
        if (viewport) model.cursor.zoom(factor, placeIn(viewport, at));
        return viewport !== undefined;
      },
      pan(by, at) {
        const viewport = viewportAt(figure(), at);
        const { window } = model.state;
        if (!viewport || !window) return false;
        model.cursor.pan(window, 0, by * perPixel(viewport));
        return true;
      },
      reset(at) {
        if (viewportAt(figure(), at)) model.patch({ window: null });
      },
    }),
    [model],
  );
}

const viewportAt = ({ viewports }: Figure, { x, y }: Spot): Viewport | undefined =>
  viewports.find((box) => x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height);

/** Positions per px. */
const perPixel = ({ size, width }: Viewport): number => size / width;

/** The pair of positions under a point. */
function placeIn(viewport: Viewport, { x, y }: Spot): { query: number; key: number } {
  const each = perPixel(viewport);
  return { query: viewport.query + (y - viewport.y) * each, key: viewport.key + (x - viewport.x) * each };
}

/** A matrix that shows a part moves with the pointer. */
function panning(model: ScanModel, viewport: Viewport, window: Window, from: Spot, over: Over): Drag {
  const each = perPixel(viewport);
  return {
    move({ x, y }) {
      over.tip(undefined);
      model.cursor.pan(window, (from.y - y) * each, (from.x - x) * each);
    },
  };
}

/** Marks the part that is to be shown. */
function marking(model: ScanModel, viewport: Viewport, from: Spot, over: Over): Drag {
  return {
    move(at) {
      over.tip(undefined);
      over.brush(brushOf(viewport, from, at));
    },
    drop(at) {
      const { side, ...corner } = brushOf(viewport, from, at);
      model.cursor.show({ ...placeIn(viewport, corner), size: side * perPixel(viewport) });
    },
    end: () => over.brush(undefined),
  };
}

/** The square between where a drag began and where it is, within the matrix. */
function brushOf(viewport: Viewport, from: Spot, at: Spot): Brush {
  const inside = (value: number, least: number, size: number): number =>
    Math.max(least, Math.min(least + size, value));
  const toX = inside(at.x, viewport.x, viewport.width);
  const toY = inside(at.y, viewport.y, viewport.height);
  const side = Math.max(Math.abs(toX - from.x), Math.abs(toY - from.y));
  return {
    side,
    x: inside(toX < from.x ? from.x - side : from.x, viewport.x, viewport.width - side),
    y: inside(toY < from.y ? from.y - side : from.y, viewport.y, viewport.height - side),
  };
}
