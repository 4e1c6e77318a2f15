/** @file The loss of a group at the cursor. */
import { metricOf } from '../../../src/figures/curves/metrics';
import { commonRange, meanOf, valueBetween } from '../../../src/figures/curves/trace';
import type { CurvesModel } from '../model';
import type { GroupFacts } from './facts';

/** Loss of a group at the cursor, its last one without a cursor. */
export function lossAt(model: CurvesModel, group: GroupFacts['group']): number | undefined {
  const loss = metricOf('loss');
  const series = group.runs.map((run) => model.seriesOf(run.id, loss));
  const cursor = model.state.pinned ?? model.cursor.at;
  // Without a cursor the last value, of several seeds the last that all have.
  const at = cursor ?? (series.length > 1 ? commonRange(series)?.[1] : undefined);
  const values = series
    .map((entry) => (at === undefined ? entry.lastValue() : valueBetween(entry, at)))
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : meanOf(values, model.useLog(loss));
}
