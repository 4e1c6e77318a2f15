/** @file Facts about what is shown, as attributes: for tests from outside, which look at the page alone. */
import { linearScale } from '../../src/figures/core/scale';
import { metricOf } from '../../src/figures/curves/metrics';
import { visibleRows } from '../../src/figures/curves/trace';
import type { CurvesModel } from './model';
import { isSweeping } from './sweep/rows';

export function attributesOf(model: CurvesModel): Record<`data-${string}`, string> {
  const { state } = model;
  const focused = model.focusedGroup();
  const run = focused?.runs[0];
  const series = run && model.seriesOf(run.id, metricOf('loss'));
  const [first, last] = series ? visibleRows(series, linearScale(model.domain(), [0, 1])) : [0, 0];
  return {
    'data-testid': 'curves',
    'data-points': String(last! - first!),
    'data-last-step': String(run ? (model.dataOf(run.id).lastStep ?? '') : ''),
    'data-last-loss': String(series?.raw.last() ?? ''),
    'data-status': run?.status ?? '',
    'data-zoom': state.zoom?.join(',') ?? '',
    'data-selected': model
      .visible()
      .map((group) => group.key)
      .join(' '),
    'data-runs': String(model.runs.length),
    'data-pending': String(model.pending),
    'data-view': isSweeping(model) ? 'sweep' : 'curves',
  };
}
