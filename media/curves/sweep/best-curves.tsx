/** @file The curves of the best configs of a sweep. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { configValue } from '../../../src/figures/core/format';
import { runStyle } from '../../../src/figures/core/palette';
import { drawChart } from '../../../src/figures/curves/chart';
import { metricOf } from '../../../src/figures/curves/metrics';
import { drawOverlay } from '../../../src/figures/curves/overlay';
import { distinct, type SweepRow } from '../../../src/figures/sweep/axes';
import { SceneCanvas } from '../../shared/canvas';
import type { PartProps } from '../part';
import type { Sweep } from './rows';

/** The best config of each value of the first key that is written in words, else of the first key. */
export function BestCurves({
  model,
  sweep,
  order,
  width,
  measure,
}: PartProps & {
  sweep: Sweep;
  order: readonly SweepRow[];
}): JSX.Element | null {
  const { keys, rows } = sweep;
  const key = keys.find((name) => distinct(rows, name).some((value) => typeof value === 'string')) ?? keys[0];
  const metric = metricOf('loss');
  const scene = useMemo(() => {
    if (key === undefined) return undefined;
    const values = distinct(rows, key).slice(0, 8);
    const all = new Map(model.chartGroups(metric).map((group) => [group.key, group]));
    const chosen = values.flatMap((value, index) => {
      const row = order.find((candidate) => candidate.values[key] === value);
      const group = row && all.get(row.key);
      return group ? [{ ...group, name: configValue(value), style: runStyle(index, model.theme) }] : [];
    });
    if (chosen.length === 0) return undefined;
    const view = {
      axis: model.state.axis,
      xDomain: model.fullDomain(),
      log: model.useLog(metric),
      envelope: false,
      clipOutliers: model.state.clipOutliers,
      yZoom: undefined,
    };
    const frame = { width, height: 230, left: 44, right: 150, top: 8, bottom: 40, xLabels: true, yTicks: 4 };
    const chart = drawChart(chosen, metric, view, frame, model.theme, measure);
    const still = { cursor: undefined, pinned: false, hovered: undefined };
    const labels = drawOverlay(chart, still, model.theme, measure, true);
    return { ...chart.scene, marks: [...chart.scene.marks, ...labels.marks] };
  }, [key, rows, order.map((row) => row.key).join(), width, model.version, measure]);
  if (!scene || key === undefined) return null;
  return (
    <>
      <h2 class="chart-title">
        <span>{`Best of each ${key}`}</span>
        <span class="secondary unit">{`training loss, nats${model.useLog(metric) ? ' · log' : ''}`}</span>
      </h2>
      <div class="plot" role="img" aria-label={`Training loss of the best config of each ${key}`}>
        <SceneCanvas scene={scene} />
      </div>
    </>
  );
}
