/** @file The keys of a chart that has the focus: cursor, pin, zoom, what is drawn. */
import { useEffect } from 'preact/hooks';
import type { RefObject } from 'preact';
import type { Chart } from '../../../src/figures/curves/chart';
import { cursorSentence } from '../../../src/figures/curves/summary';
import { nearestIndex } from '../../../src/figures/core/scale';
import { announce } from '../../shared/announce';
import type { CurvesModel } from '../model';
import { zoomAt } from './zoom';

export function useKeys(
  root: RefObject<HTMLElement | null>,
  latest: RefObject<Chart | null>,
  model: CurvesModel,
): void {
  useEffect(() => {
    const element = root.current;
    const key = (event: KeyboardEvent): void => {
      const chart = latest.current;
      if (!chart || !handleKey(event, chart, model)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    element?.addEventListener('keydown', key);
    return () => element?.removeEventListener('keydown', key);
  }, [model]);
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
