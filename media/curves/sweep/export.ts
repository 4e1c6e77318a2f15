/** @file A sweep as a figure on white and as numbers. */
import { printTheme, type Theme } from '../../../src/figures/core/theme';
import type { Measure, Scene } from '../../../src/figures/core/scene';
import { sheet } from '../../../src/figures/curves/sheet';
import { passes, resultTitles, sweepAxes } from '../../../src/figures/sweep/axes';
import { drawEffects } from '../../../src/figures/sweep/effects';
import { drawParallel } from '../../../src/figures/sweep/parallel';
import type { CurvesModel } from '../model';
import { sweepOf, targetOf } from './rows';

export function sweepFigure(model: CurvesModel, measure: Measure): Scene {
  const theme: Theme = { ...printTheme(model.theme.fonts), fontSize: 13 };
  const { rows, keys } = sweepOf(model);
  const { brushes, axisOrder } = model.state;
  const target = targetOf(model, rows);
  const axes = sweepAxes(rows, keys, target, axisOrder);
  const size = { width: 860, height: 380 };
  const parallel = drawParallel(rows, axes, { target, brushes }, size, theme, measure);
  const isKept = (row: (typeof rows)[number]): boolean => passes(row, axes, brushes);
  const effects = drawEffects(rows, keys, { target, isKept }, 420, theme);
  const { title, unit } = resultTitles[target];
  return sheet(
    [
      { title: 'Swept keys and results', unit: `one line per config, dark is better`, scene: parallel.scene },
      { title: 'Effect of each key', unit: [title, unit].filter(Boolean).join(', '), scene: effects },
    ],
    theme,
    {
      title: 'Sweep',
      description: `Configs: ${rows.map(({ name }) => name).join(', ')}. Made with SSM Studio.`,
    },
  );
}

const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

/** One row per config: the swept keys, then the results. */
export function sweepCsv(model: CurvesModel): string {
  const { rows, keys, facts } = sweepOf(model);
  const head = ['config', ...keys, 'parameters', 'best val loss (nats)', 'at step', 'accuracy', 'seconds'];
  const lines = rows.map((row) => {
    const own = facts.get(row.key)!;
    const cells = [
      row.name,
      ...keys.map((key) => row.values[key] ?? ''),
      own.parameters ?? '',
      own.best?.value ?? '',
      own.best?.step ?? '',
      own.accuracy ?? '',
      own.seconds ?? '',
    ];
    return cells.map((cell) => quote(String(cell))).join(',');
  });
  return `${[head.map(quote).join(','), ...lines].join('\n')}\n`;
}
