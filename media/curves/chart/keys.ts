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

/** @returns whether the key means something here */
function handleKey(event: KeyboardEvent, chart: Chart, model: CurvesModel): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const { cursor } = model;
  const [low, high] = chart.x.domain;
  const current = model.state.pinned ?? cursor.at;
  const far = event.shiftKey ? 10 : 1;
  switch (event.key) {
    case 'ArrowLeft':
      step(chart, model, -far);
      return true;
    case 'ArrowRight':
      step(chart, model, far);
      return true;
    case 'Home':
      goTo(chart, model, low);
      return true;
    case 'End':
      goTo(chart, model, high);
      return true;
    case 'ArrowUp':
      nextLine(chart, model, 1);
      return true;
    case 'ArrowDown':
      nextLine(chart, model, -1);
      return true;
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
    case 'C':
      copyValue(chart, model);
      return true;
    default:
      return false;
  }
}

/** Where the cursor is, pinned or not. */
const cursorOf = ({ state, cursor }: CurvesModel): number | undefined => state.pinned ?? cursor.at;

/** Puts the cursor there, within what is shown, and says what is there. */
function goTo(chart: Chart, model: CurvesModel, at: number): void {
  const [low, high] = chart.x.domain;
  const bounded = Math.max(low, Math.min(high, at));
  if (model.state.pinned !== null) model.patch({ pinned: bounded });
  model.cursor.set({ at: bounded });
  announce(cursorSentence(chart, bounded, model.cursor.hovered), true);
}

/** Moves the cursor by rows of the longest run; where there is none yet, puts it on the first or last that is shown. */
function step(chart: Chart, model: CurvesModel, count: number): void {
  const lengthOf = (line: Chart['lines'][number]): number => line.group.series[0]?.length ?? 0;
  const [longest] = chart.lines.toSorted((a, b) => lengthOf(b) - lengthOf(a));
  const series = longest?.group.series[0];
  if (!series || series.length === 0) return;
  const current = cursorOf(model);
  const [low, high] = chart.x.domain;
  const index = nearestIndex(series.xs.data, current ?? (count > 0 ? low : high), series.length);
  const next = current === undefined ? index : index + count;
  goTo(chart, model, series.xs.at(Math.max(0, Math.min(series.length - 1, next))));
}

/** Marks the line whose value at the cursor is the next higher or lower one. */
function nextLine(chart: Chart, model: CurvesModel, direction: 1 | -1): void {
  const at = cursorOf(model) ?? chart.x.domain[1];
  const order = chart.lines
    .map((line) => ({ key: line.group.key, value: line.pointAt(at)?.value ?? line.end?.value }))
    .filter((entry) => entry.value !== undefined)
    .sort((a, b) => a.value! - b.value!);
  const place = order.findIndex((entry) => entry.key === model.cursor.hovered);
  const next = place < 0 ? 0 : place + direction;
  const chosen = order[Math.max(0, Math.min(order.length - 1, next))];
  model.cursor.set({ hovered: chosen?.key });
  announce(cursorSentence(chart, at, chosen?.key), true);
}

/** Copies the value of the marked line, else of the first one, at the cursor or the end. */
function copyValue(chart: Chart, model: CurvesModel): void {
  const line = chart.lines.find(({ group }) => group.key === model.cursor.hovered) ?? chart.lines[0];
  const current = cursorOf(model);
  const value = current === undefined ? line?.end?.value : line?.pointAt(current)?.value;
  if (value === undefined) return;
  model.send({ type: 'copy', text: String(value) });
  announce('Value copied', true);
}
