/** @file The pointer and the wheel on a chart: cursor, pin, zoom, pan. */
import type { RefObject } from 'preact';
import { nearestGroup } from '../../../src/figures/curves/overlay';
import type { Chart } from '../../../src/figures/curves/chart';
import { nearestIndex } from '../../../src/figures/core/scale';
import { STILL, useGestures, type Drag, type Spot } from '../../shared/gestures';
import type { CurvesModel } from '../model';
import { pan, zoomAt } from './zoom';

/** Snaps to the nearest row of any shown run, so that values at the cursor are logged ones. */
function snap(chart: Chart, at: number): number {
  let best = at;
  let distance = Infinity;
  for (const line of chart.lines) {
    for (const series of line.group.series) {
      const index = nearestIndex(series.xs.data, at, series.length);
      if (index < 0) continue;
      const d = Math.abs(series.xs.at(index) - at);
      if (d < distance) {
        distance = d;
        best = series.xs.at(index);
      }
    }
  }
  const [low, high] = chart.x.domain;
  return distance < (high - low) * 0.02 ? best : chart.view.axis === 'step' ? Math.round(at) : at;
}

/** px beside the plot that still belong to it. */
const EDGE = 6;

const right = ({ plot }: Chart): number => plot.x + plot.width;

const inside = (chart: Chart, x: number): number => Math.max(chart.plot.x, Math.min(right(chart), x));

/** Data per px. */
const perPixel = ({ x, plot }: Chart): number => (x.domain[1] - x.domain[0]) / plot.width;

export function usePointer(
  root: RefObject<HTMLElement | null>,
  latest: RefObject<Chart | null>,
  model: CurvesModel,
  id: string,
): void {
  useGestures(
    root,
    () => ({
      hover(at) {
        if (latest.current) follow(model, latest.current, at);
      },
      leave() {
        model.cursor.set({ at: undefined, hovered: undefined });
      },
      press(from, { button }) {
        const chart = latest.current;
        if (!chart || from.x > right(chart) + EDGE) return undefined;
        if (button === 1) return moving(model, chart, from);
        return button === 0 ? marking(model, () => latest.current ?? chart, id, from) : undefined;
      },
      zoom(factor, { x }) {
        const chart = latest.current;
        if (chart) zoomAt(model, chart, chart.x.invert(inside(chart, x)), factor);
        return chart !== null;
      },
      pan(by) {
        const chart = latest.current;
        if (chart) pan(model, chart.x.domain, by * perPixel(chart));
        return chart !== null;
      },
      reset() {
        model.zoomTo(null);
        model.patch({ pinned: null });
      },
    }),
    [model, id],
  );
}

/** The cursor, where it is not pinned, and the line next to the pointer. */
function follow(model: CurvesModel, chart: Chart, { x, y }: Spot): void {
  const outside = x < chart.plot.x - EDGE || x > right(chart) + EDGE;
  const { pinned } = model.state;
  if (pinned !== null) {
    model.cursor.set({ hovered: outside ? undefined : nearestGroup(chart, pinned, y) });
    return;
  }
  const at = outside ? undefined : snap(chart, chart.x.invert(inside(chart, x)));
  model.cursor.set({ at, hovered: at === undefined ? undefined : nearestGroup(chart, at, y) });
}

/** A drag of the middle button moves the range with the pointer. */
function moving(model: CurvesModel, began: Chart, from: Spot): Drag {
  return {
    along: 'x',
    move: ({ x }) => pan(model, began.x.domain, (from.x - x) * perPixel(began)),
    click: () => pin(model),
  };
}

/** A drag marks what to zoom to: a range, or with Shift a box. A click pins the cursor. */
function marking(model: CurvesModel, latest: () => Chart, id: string, from: Spot): Drag {
  return {
    along: 'x',
    move({ x, y }, { shiftKey }) {
      const chart = latest();
      const drag = { chart: id, x0: inside(chart, from.x), x1: inside(chart, x) };
      model.cursor.set({ drag: shiftKey ? { ...drag, y0: from.y, y1: y } : drag });
    },
    drop() {
      const { drag } = model.cursor;
      if (!drag || Math.abs(drag.x1 - drag.x0) <= STILL) return;
      const { x, y } = latest();
      const rows = drag.y0 === undefined || drag.y1 === undefined ? undefined : [drag.y0, drag.y1];
      model.zoomTo(
        [x.invert(drag.x0), x.invert(drag.x1)],
        rows ? [y.invert(Math.max(...rows)), y.invert(Math.min(...rows))] : null,
      );
    },
    click: () => pin(model),
    end: () => model.cursor.set({ drag: undefined }),
  };
}

/** Holds the cursor where it is, or lets it go. */
function pin(model: CurvesModel): void {
  if (model.state.pinned !== null) model.patch({ pinned: null });
  else if (model.cursor.at !== undefined) model.patch({ pinned: model.cursor.at });
}
