/** @file What the table says about a group, and the sentences for people who do not see the chart. */
import { integer, number3 } from '../core/format';
import { xUnit } from './axes';
import type { Chart } from './chart';
import { formatValue } from './readout';
import type { RunData } from './data';
import { evalTable } from './metrics';

export interface Best {
  readonly value: number;
  readonly step: number;
}

/** Best evaluation of a column; the first of equals. */
export function bestEval(data: RunData, column: string, lowerIsBetter: boolean): Best | undefined {
  const table = evalTable(data);
  const values = table?.column(column);
  const steps = table?.column('step');
  if (!values || !steps) return undefined;
  let best: Best | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values.at(i);
    if (!Number.isFinite(value)) continue;
    if (!best || (lowerIsBetter ? value < best.value : value > best.value))
      best = { value, step: steps.at(i) };
  }
  return best;
}

/** First step at which a column reached `threshold` from below. */
export function firstReached(data: RunData, column: string, threshold: number): number | undefined {
  const table = evalTable(data);
  const values = table?.column(column);
  const steps = table?.column('step');
  if (!values || !steps) return undefined;
  for (let i = 0; i < values.length; i++) if (values.at(i) >= threshold) return steps.at(i);
  return undefined;
}

export function lastEval(data: RunData, column: string): number | undefined {
  const value = evalTable(data)?.column(column)?.last();
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** Tokens per second over the whole run. */
export function meanThroughput(data: RunData): number | undefined {
  const train = data.table('train');
  const tokens = train?.column('tokens');
  const seconds = train?.column('seconds');
  if (!tokens || !seconds || tokens.length === 0) return undefined;
  const time = seconds.last()!;
  return time > 0 ? tokens.last()! / time : undefined;
}

/** "Training loss of 7 groups, log scale, steps 0 to 1,500. Lowest: hybrid 5.60e−4. Live: attention." */
export function chartSummary(chart: Chart): string {
  const lines = chart.lines.filter((line) => line.end !== undefined);
  const { metric, x, y } = chart;
  const scale = y.log ? 'log scale' : 'linear scale';
  const range = `${xUnit[chart.view.axis]} ${integer(x.domain[0])} to ${integer(x.domain[1])}`;
  const parts = [
    `${metric.title} of ${lines.length} ${lines.length === 1 ? 'group' : 'groups'}, ${scale}, ${range}.`,
  ];
  if (lines.length > 0) {
    const sign = metric.lowerIsBetter === false ? -1 : 1;
    const best = [...lines].sort((a, b) => sign * (a.end!.value - b.end!.value))[0]!;
    parts.push(
      `${sign > 0 ? 'Lowest' : 'Highest'}: ${best.group.name} ${formatValue(chart, best.end!.value)}.`,
    );
    const live = lines.filter((line) => line.group.live).map((line) => line.group.name);
    if (live.length > 0) parts.push(`Live: ${live.join(', ')}.`);
  }
  return parts.join(' ');
}

/** "step 620, hybrid 0.00135, lowest of 7" */
export function cursorSentence(chart: Chart, at: number, key: string | undefined): string {
  const values = chart.lines
    .map((line) => ({ line, value: line.pointAt(at)?.value }))
    .filter(
      (entry): entry is { line: (typeof chart.lines)[number]; value: number } => entry.value !== undefined,
    )
    .sort((a, b) => a.value - b.value);
  const place = values.findIndex((entry) => entry.line.group.key === key);
  const chosen = values[place >= 0 ? place : 0];
  const where =
    chart.view.axis === 'step' ? `step ${integer(at)}` : `${number3(at)} ${xUnit[chart.view.axis]}`;
  if (!chosen) return where;
  const rank = values.indexOf(chosen);
  const words =
    rank === 0 ? 'lowest' : rank === values.length - 1 ? 'highest' : `number ${rank + 1} from below`;
  return `${where}, ${chosen.line.group.name} ${formatValue(chart, chosen.value)}${values.length > 1 ? `, ${words} of ${values.length}` : ''}`;
}
