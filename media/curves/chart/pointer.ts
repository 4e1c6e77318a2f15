/** @file Pointer, wheel and keys of a chart: cursor, pin, zoom, pan. */
import { useEffect } from 'preact/hooks';
import type { RefObject } from 'preact';
import { nearestGroup } from '../../../src/figures/curves/overlay';
import { cursorSentence } from '../../../src/figures/curves/summary';
import type { Chart } from '../../../src/figures/curves/chart';
import { nearestIndex } from '../../../src/figures/core/scale';
import { announce } from '../../shared/announce';
import type { CurvesModel } from '../model';

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

export function usePointer(
  root: RefObject<HTMLElement | null>,
  latest: RefObject<Chart | null>,
  model: CurvesModel,
  id: string,
): void {
  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    let start:
      { x: number; y: number; moved: boolean; pan: boolean; domain: readonly [number, number] } | undefined;
    const place = (event: MouseEvent): { x: number; y: number } => {
      const box = element.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const inside = (x: number, chart: Chart): number =>
      Math.max(chart.plot.x, Math.min(chart.plot.x + chart.plot.width, x));

    const move = (event: PointerEvent): void => {
      const chart = latest.current;
      if (!chart) return;
      const { x, y } = place(event);
      if (start && (Math.abs(x - start.x) > 4 || start.moved)) {
        start.moved = true;
        if (start.pan) {
          const shift = ((start.x - x) / chart.plot.width) * (start.domain[1] - start.domain[0]);
          pan(model, start.domain, shift);
        } else {
          const drag = { chart: id, x0: inside(start.x, chart), x1: inside(x, chart) };
          model.cursor.set({ drag: event.shiftKey ? { ...drag, y0: start.y, y1: y } : drag });
        }
        return;
      }
      const outside = x < chart.plot.x - 6 || x > chart.plot.x + chart.plot.width + 6;
      if (model.state.pinned !== null) {
        model.cursor.set({ hovered: outside ? undefined : nearestGroup(chart, model.state.pinned, y) });
        return;
      }
      const at = outside ? undefined : snap(chart, chart.x.invert(inside(x, chart)));
      model.cursor.set({ at, hovered: at === undefined ? undefined : nearestGroup(chart, at, y) });
    };
    const down = (event: PointerEvent): void => {
      if (event.button !== 0 && event.button !== 1) return;
      const chart = latest.current;
      if (!chart) return;
      const { x, y } = place(event);
      if (x > chart.plot.x + chart.plot.width + 6) return;
      start = { x, y, moved: false, pan: event.button === 1, domain: chart.x.domain };
      element.setPointerCapture(event.pointerId);
    };
    const up = (event: PointerEvent): void => {
      const chart = latest.current;
      const began = start;
      start = undefined;
      if (!chart || !began) return;
      const { drag } = model.cursor;
      model.cursor.set({ drag: undefined });
      if (drag && Math.abs(drag.x1 - drag.x0) > 4) {
        const y =
          drag.y0 !== undefined && drag.y1 !== undefined
            ? ([
                chart.y.invert(Math.max(drag.y0, drag.y1)),
                chart.y.invert(Math.min(drag.y0, drag.y1)),
              ] as const)
            : null;
        model.zoomTo([chart.x.invert(drag.x0), chart.x.invert(drag.x1)], y);
      } else if (!began.moved && event.detail < 2) {
        if (model.state.pinned !== null) model.patch({ pinned: null });
        else if (model.cursor.at !== undefined) model.patch({ pinned: model.cursor.at });
      }
    };
    const leave = (): void => {
      if (!start) model.cursor.set({ at: undefined, hovered: undefined });
    };
    const double = (): void => {
      model.zoomTo(null);
      model.patch({ pinned: null });
    };
    const wheel = (event: WheelEvent): void => {
      const chart = latest.current;
      if (!chart) return;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        const { x } = place(event);
        zoomAt(
          model,
          chart,
          chart.x.invert(inside(x, chart)),
          Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY * 0.003))),
        );
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        const delta = event.deltaX || event.deltaY;
        pan(model, chart.x.domain, (delta / chart.plot.width) * (chart.x.domain[1] - chart.x.domain[0]));
      }
    };
    const key = (event: KeyboardEvent): void => {
      const chart = latest.current;
      if (chart && handleKey(event, chart, model)) {
        event.preventDefault();
        event.stopPropagation();
      }
    };
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointerleave', leave);
    element.addEventListener('dblclick', double);
    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('keydown', key);
    return () => {
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointerleave', leave);
      element.removeEventListener('dblclick', double);
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('keydown', key);
    };
  }, [model, id]);
}

function pan(model: CurvesModel, domain: readonly [number, number], shift: number): void {
  const full = model.fullDomain();
  const width = domain[1] - domain[0];
  const low = Math.max(full[0], Math.min(full[1] - width, domain[0] + shift));
  model.zoomTo([low, low + width], model.state.yZoom);
}

function zoomAt(model: CurvesModel, chart: Chart, at: number, factor: number): void {
  const [low, high] = chart.x.domain;
  model.zoomTo([at - (at - low) * factor, at + (high - at) * factor], model.state.yZoom);
}

function handleKey(event: KeyboardEvent, chart: Chart, model: CurvesModel): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const { cursor } = model;
  const [low, high] = chart.x.domain;
  const current = model.state.pinned ?? cursor.at;
  const goTo = (at: number): boolean => {
    const bounded = Math.max(low, Math.min(high, at));
    if (model.state.pinned !== null) model.patch({ pinned: bounded });
    cursor.set({ at: bounded });
    announce(cursorSentence(chart, bounded, cursor.hovered), true);
    return true;
  };
  const step = (count: number): boolean => {
    const longest = [...chart.lines].sort(
      (a, b) => (b.group.series[0]?.length ?? 0) - (a.group.series[0]?.length ?? 0),
    )[0];
    const series = longest?.group.series[0];
    if (!series || series.length === 0) return true;
    const at = current ?? (count > 0 ? low : high);
    const index = nearestIndex(series.xs.data, at, series.length);
    return goTo(
      series.xs.at(Math.max(0, Math.min(series.length - 1, current === undefined ? index : index + count))),
    );
  };
  switch (event.key) {
    case 'ArrowLeft':
      return step(event.shiftKey ? -10 : -1);
    case 'ArrowRight':
      return step(event.shiftKey ? 10 : 1);
    case 'Home':
      return goTo(low);
    case 'End':
      return goTo(high);
    case 'ArrowUp':
    case 'ArrowDown': {
      const at = current ?? high;
      const order = chart.lines
        .map((line) => ({ key: line.group.key, value: line.pointAt(at)?.value ?? line.end?.value }))
        .filter((entry) => entry.value !== undefined)
        .sort((a, b) => a.value! - b.value!);
      const place = order.findIndex((entry) => entry.key === cursor.hovered);
      const next = place < 0 ? 0 : place + (event.key === 'ArrowUp' ? 1 : -1);
      const chosen = order[Math.max(0, Math.min(order.length - 1, next))];
      cursor.set({ hovered: chosen?.key });
      announce(cursorSentence(chart, at, chosen?.key), true);
      return true;
    }
    case 'Enter':
      model.patch({ pinned: model.state.pinned === null && current !== undefined ? current : null });
      return true;
    case 'Escape':
      if (model.state.pinned === null && cursor.at === undefined) return false;
      model.patch({ pinned: null });
      cursor.set({ at: undefined, hovered: undefined });
      return true;
    case '+':
    case '=':
      zoomAt(model, chart, current ?? (low + high) / 2, 0.5);
      return true;
    case '-':
      zoomAt(model, chart, current ?? (low + high) / 2, 2);
      return true;
    case '0':
      model.zoomTo(null);
      return true;
    case 'l':
    case 'L':
      model.patch({ logY: !model.state.logY, yZoom: null });
      return true;
    case 'e':
    case 'E':
      model.patch({ envelope: !model.state.envelope });
      return true;
    case 'c':
    case 'C': {
      const line = chart.lines.find((entry) => entry.group.key === cursor.hovered) ?? chart.lines[0];
      const value = current === undefined ? line?.end?.value : line?.pointAt(current)?.value;
      if (value !== undefined) {
        model.send({ type: 'copy', text: String(value) });
        announce('Value copied', true);
      }
      return true;
    }
    default:
      return false;
  }
}
