/** @file Which metrics the charts show: those that the user chose, then the usual ones. */
import type { RunData } from '../../../src/figures/curves/data';
import {
  furtherMetrics,
  hasMetric,
  metricOf,
  metrics,
  type Metric,
} from '../../../src/figures/curves/metrics';

/** Metrics that some run has, in their order. */
export const availableMetrics = (all: readonly RunData[]): Metric[] =>
  [...metrics, ...furtherMetrics(all)].filter((metric) => all.some((data) => hasMetric(data, metric)));

/** The main chart and up to three small ones. @param ids that were chosen */
export function chartsOf(ids: readonly string[], available: readonly Metric[]): Metric[] {
  const chosen = ids.map(metricOf);
  // The metric that is reported, then what goes wrong first, then speed.
  const reported = ['accuracy', 'bits', 'eval-loss'].map(metricOf);
  const first = reported.find((metric) => available.includes(metric)) ?? metricOf('accuracy');
  const usual = [metricOf('loss'), first, metricOf('grad-norm'), metricOf('throughput')];
  const picks = [...chosen, ...usual.filter((metric) => !chosen.includes(metric))];
  return picks.slice(0, 4);
}

/** The ids with another metric in a place; where it is shown already, the two change places. */
export function withChart(shown: readonly Metric[], place: number, id: string): string[] {
  const ids = shown.map((metric) => metric.id);
  const other = ids.indexOf(id);
  if (other >= 0) ids[other] = ids[place]!;
  ids[place] = id;
  return ids;
}
