/** @file Groups of runs as the charts and their worker take them: lines, looks, and notes at their ends. */
import type { ChartGroup } from '../../../src/figures/curves/chart';
import type { RunData } from '../../../src/figures/curves/data';
import type { RunGroup } from '../../../src/figures/curves/groups';
import type { Metric } from '../../../src/figures/curves/metrics';
import type { LayerWish } from './layers';
import type { CurvesModel } from '../model';

export const chartGroupsOf = (
  model: CurvesModel,
  metric: Metric,
  theme: CurvesModel['theme'],
): ChartGroup[] =>
  model.visible().map((group) => {
    const failed = group.runs.find((run) => run.status === 'failed');
    const last = failed ? model.dataOf(failed.id).lastStep : undefined;
    return {
      key: group.key,
      name: group.name,
      style: model.styleOf(group, theme),
      series: group.runs.map((run) => model.seriesOf(run.id, metric)),
      live: group.live,
      stale: group.runs.every((run) => run.status === 'interrupted'),
      ...lastHeard(group),
      ...(failed && last !== undefined
        ? {
            failed: {
              x: model.dataOf(failed.id).positionOf(last, model.state.axis),
              note: failedNote(model.dataOf(failed.id)),
            },
          }
        : {}),
    };
  });

/** Groups as the worker is told of them. */
export function layerGroupsOf(model: CurvesModel, groups: readonly ChartGroup[]): LayerWish['groups'] {
  const known = new Map(model.groups.map((group) => [group.key, group]));
  return groups.map(({ key, style, live, stale }) => {
    const runs = known.get(key)!.runs.map((run) => run.id);
    return { key, style, live, stale, runs, data: runs.map((run) => model.dataOf(run)) };
  });
}

/** When an interrupted run was last heard of, for the note at its end. */
function lastHeard(group: RunGroup): { note?: string } {
  const times = group.runs.map((run) => run.lastWrite ?? run.ended).filter((at) => at !== undefined);
  if (times.length === 0 || !group.runs.every((run) => run.status === 'interrupted')) return {};
  return { note: `last value ${new Date(Math.max(...times)).toLocaleTimeString('en-GB')}` };
}

function failedNote(data: RunData): string {
  const event = data.events.findLast((entry) => entry.event === 'non-finite');
  return event ? `NaN at ${event.step}` : 'failed';
}
