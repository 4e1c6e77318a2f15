/**
 * @file `npm run figure -- OUT.svg NAME=RUN… [--metric accuracy] [--log]`: a metric of several runs over their steps
 * as SVG, drawn as the Curves panel draws it. The pages of examples/experiments are made with it.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawChart, type ChartGroup } from '../src/figures/curves/chart';
import { RunData } from '../src/figures/curves/data';
import { metricOf } from '../src/figures/curves/metrics';
import { drawOverlay } from '../src/figures/curves/overlay';
import { Series } from '../src/figures/curves/series';
import { runStyle } from '../src/figures/core/palette';
import { roughMeasure } from '../src/figures/core/scene';
import { sceneToSvg } from '../src/figures/core/svg';
import { printTheme } from '../src/figures/core/theme';
import { RunReader } from '../src/runs';

const theme = printTheme({ ui: 'sans-serif', mono: 'monospace' });
const frame = {
  width: 720,
  height: 320,
  left: 48,
  right: 190,
  top: 12,
  bottom: 40,
  xLabels: true,
  yTicks: 5,
};

async function dataOf(dir: string): Promise<RunData> {
  const reader = new RunReader(dir);
  await reader.poll();
  const data = new RunData();
  for (const [name, table] of reader.tables) {
    const columns = Object.fromEntries(table.names.map((column) => [column, table.column(column)!.slice()]));
    data.ensure(name).append(columns, table.length);
  }
  return data;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { metric: { type: 'string', default: 'accuracy' }, log: { type: 'boolean', default: false } },
  });
  const [out, ...runs] = positionals;
  if (out === undefined || runs.length === 0) throw new Error('Usage: npm run figure -- OUT.svg NAME=RUN…');
  const metric = metricOf(values.metric);
  let last = 0;
  const groups = await Promise.all(
    runs.map(async (run, index): Promise<ChartGroup> => {
      const equals = run.indexOf('=');
      const [name, dir] = [run.slice(0, equals), run.slice(equals + 1)];
      const data = await dataOf(dir);
      last = Math.max(last, data.lastStep ?? 0);
      const series = new Series(data, metric, 'step', { beta: 0, kind: 'centred', log: values.log });
      series.update();
      return { key: name, name, style: runStyle(index, theme), series: [series], live: false, stale: false };
    }),
  );
  const view = {
    axis: 'step',
    xDomain: [0, last],
    log: values.log,
    envelope: false,
    clipOutliers: false,
  } as const;
  const chart = drawChart(groups, metric, view, frame, theme, roughMeasure);
  const labels = drawOverlay(
    chart,
    { cursor: undefined, pinned: false, hovered: undefined },
    theme,
    roughMeasure,
    true,
  );
  const title = `${metric.title} over the steps: ${groups.map(({ name }) => name).join(', ')}`;
  writeFileSync(
    out,
    sceneToSvg({
      ...chart.scene,
      background: '#ffffff',
      title,
      marks: [...chart.scene.marks, ...labels.marks],
    }),
  );
}

void main();
