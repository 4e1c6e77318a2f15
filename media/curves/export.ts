/** @file What leaves the panel: a figure drawn anew on white, numbers, a Markdown table. */
import { printTheme, type Theme } from '../../src/figures/core/theme';
import type { Measure, Scene } from '../../src/figures/core/scene';
import { duration, integer, number3, percent } from '../../src/figures/core/format';
import { drawChart } from '../../src/figures/curves/chart';
import { drawOverlay } from '../../src/figures/curves/overlay';
import { differingKeys, keyValue } from '../../src/figures/curves/groups';
import { metricOf } from '../../src/figures/curves/metrics';
import { sheet, type Panel } from '../../src/figures/curves/sheet';
import { factsOf } from './runs/facts';
import type { CurvesModel } from './model';
import { unitLine } from './chart/panel';

/** The shown charts as one figure, in the light palette whatever the theme. */
export function figure(model: CurvesModel, measure: Measure): Scene {
  const theme: Theme = { ...printTheme(model.theme.fonts), fontSize: 13 };
  const panels = model.charts().map((metric, place): Panel => {
    const main = place === 0;
    const frame = {
      width: main ? 860 : 272,
      height: main ? 340 : 150,
      left: 44,
      right: main ? 190 : 6,
      top: 10,
      bottom: 40,
      xLabels: true,
      yTicks: main ? 5 : 3,
    };
    const log = model.useLog(metric);
    const chart = drawChart(
      model.chartGroups(metric, theme).map((group) => ({ ...group, live: false })),
      metric,
      {
        axis: model.state.axis,
        xDomain: model.domain(),
        yZoom: main ? (model.state.yZoom ?? undefined) : undefined,
        log,
        envelope: model.state.envelope,
        clipOutliers: model.state.clipOutliers,
      },
      frame,
      theme,
      measure,
    );
    const labels = drawOverlay(
      chart,
      { cursor: undefined, pinned: false, hovered: undefined },
      theme,
      measure,
      main,
    );
    return {
      title: metric.title,
      unit: unitLine(model, metric, main),
      scene: { ...chart.scene, marks: [...chart.scene.marks, ...labels.marks] },
    };
  });
  const runs = model.visible().flatMap((group) => group.runs.map((run) => run.name));
  return sheet(panels, theme, {
    title: 'Training curves',
    description: `Runs: ${runs.join(', ')}. Made with SSM Studio.`,
  });
}

const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

/** Raw and smoothed training values and evaluations of all shown runs, one row per logged row. */
export function csv(model: CurvesModel): string {
  const lines: string[] = [];
  const header = [
    'run',
    'seed',
    'kind',
    'step',
    'tokens',
    'seconds',
    'loss (nats)',
    'loss smoothed (nats)',
    'learning rate',
    'gradient norm',
    'accuracy',
  ];
  lines.push(header.join(','));
  const text = (value: number | undefined): string =>
    value === undefined || Number.isNaN(value) ? '' : String(value);
  for (const group of model.visible()) {
    for (const run of group.runs) {
      const data = model.dataOf(run.id);
      const loss = model.seriesOf(run.id, metricOf('loss'));
      for (const [name, table] of data.tables) {
        const train = name === 'train';
        for (let i = 0; i < table.length; i++) {
          const at = (column: string): string => text(table.column(column)?.at(i));
          lines.push(
            [
              quote(run.name),
              quote(String(run.seed)),
              name,
              at('step'),
              at('tokens'),
              at('seconds'),
              at('loss'),
              train ? text(loss.shown.at(i)) : '',
              at('lr'),
              at('grad_norm'),
              at('accuracy'),
            ].join(','),
          );
        }
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

export function markdown(model: CurvesModel): string {
  const keys = differingKeys(model.runs).slice(0, 8);
  const facts = model.visible().map((group) => factsOf(model, group));
  const head = ['run', ...keys, 'steps', 'best val loss', 'accuracy', '≥ 99 % at', 'tokens/s', 'time'];
  const rows = facts.map((entry) => [
    entry.group.name,
    ...keys.map((key) => keyValue(key, entry.group.keys[key])),
    integer(entry.step),
    entry.best ? `${number3(entry.best.value)} @${integer(entry.best.step)}` : '–',
    percent(entry.accuracy),
    entry.reached === undefined ? (entry.group.live ? 'not yet' : 'no') : integer(entry.reached),
    number3(entry.throughput),
    duration(entry.seconds),
  ]);
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`;
  return `${[line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')}\n`;
}
