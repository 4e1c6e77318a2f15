/** @file A position and a value of a chart as they are read out. */
import { integer, number3, percent, short } from '../core/format';
import type { Chart } from './chart';

export const cursorText = (chart: Chart, at: number): string =>
  chart.view.axis === 'step' ? integer(at) : chart.view.axis === 'time' ? `${number3(at)} s` : short(at);

export function formatValue(chart: Chart, value: number | undefined): string {
  if (value === undefined) return '–';
  if (chart.metric.format === 'percent') return percent(value, 1);
  return chart.metric.format === 'short' ? short(value) : number3(value);
}
