/** @file The groups of runs as rows of a sweep. */
import { differingKeys, type RunGroup } from '../../../src/figures/curves/groups';
import type { Result, SweepRow } from '../../../src/figures/sweep/axes';
import { factsOf, type GroupFacts } from '../runs/facts';
import type { CurvesModel } from '../model';

export interface Sweep {
  /** Keys that differ, at most seven: more axes than a screen can tell apart are no help. */
  readonly keys: readonly string[];
  readonly rows: readonly SweepRow[];
  readonly facts: ReadonlyMap<string, GroupFacts>;
}

const most = 7;
/** From so many configs on a comparison is a sweep. */
export const sweepFrom = 4;

export const isSweep = (model: CurvesModel): boolean =>
  model.groups.length >= sweepFrom && differingKeys(model.runs).length > 0;

/** Whether the sweep is shown: chosen, and there is one. */
export const isSweeping = (model: CurvesModel): boolean => model.state.view === 'sweep' && isSweep(model);

function rowOf(group: RunGroup, facts: GroupFacts): SweepRow {
  const loss = facts.best?.value;
  return {
    key: group.key,
    name: group.name,
    values: group.keys,
    results: {
      ...(loss === undefined ? {} : { loss }),
      ...(facts.accuracy === undefined ? {} : { accuracy: facts.accuracy }),
      ...(facts.seconds === undefined ? {} : { time: facts.seconds }),
    },
    failed: group.runs.every((run) => run.status === 'failed' || run.status === 'interrupted'),
  };
}

export function sweepOf(model: CurvesModel): Sweep {
  const groups = model.visible();
  const facts = new Map(groups.map((group) => [group.key, factsOf(model, group)]));
  // The number of layers follows from the mixers when both differ.
  const keys = differingKeys(groups.flatMap((group) => group.runs))
    .filter((key, _, all) => !(key === 'layers' && all.includes('mixer')))
    .slice(0, most);
  return { keys, rows: groups.map((group) => rowOf(group, facts.get(group.key)!)), facts };
}

/** What the configs are compared by: what was chosen, or time where none of them has that result. */
export function targetOf(model: CurvesModel, rows: readonly SweepRow[]): Result {
  const { target } = model.state;
  return rows.some((row) => row.results[target] !== undefined) ? target : 'time';
}
