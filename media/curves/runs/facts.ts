/** @file The numbers of a group in the table: from evaluations and totals of its runs. */
import type { RunGroup } from '../../../src/figures/curves/groups';
import { meanOf } from '../../../src/figures/curves/trace';
import {
  bestEval,
  firstReached,
  lastEval,
  meanThroughput,
  type Best,
} from '../../../src/figures/curves/summary';
import type { CurvesModel } from '../model';

export interface GroupFacts {
  readonly group: RunGroup;
  readonly best: Best | undefined;
  readonly accuracy: number | undefined;
  readonly bits: number | undefined;
  /** Step at which accuracy reached 99 %. */
  readonly reached: number | undefined;
  readonly throughput: number | undefined;
  /** Seconds trained, the longest of the seeds. */
  readonly seconds: number | undefined;
  readonly step: number;
  readonly steps: number | undefined;
  readonly parameters: number | undefined;
}

const mean = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : meanOf(known, false);
};

export function factsOf(model: CurvesModel, group: RunGroup): GroupFacts {
  const data = group.runs.map((run) => model.dataOf(run.id));
  const bests = data.map((entry) => bestEval(entry, 'loss', true)).filter((best) => best !== undefined);
  const reached = data.map((entry) => firstReached(entry, 'accuracy', 0.99));
  const seconds = data
    .map((entry) => entry.table('train')?.column('seconds')?.last())
    .filter((s) => s !== undefined);
  const bitsOf = data.map((entry) => bestEval(entry, 'bits_per_byte', true)?.value);
  return {
    group,
    best:
      bests.length === 0
        ? undefined
        : {
            value: meanOf(
              bests.map((b) => b.value),
              false,
            ),
            step: Math.max(...bests.map((b) => b.step)),
          },
    accuracy: mean(data.map((entry) => lastEval(entry, 'accuracy'))),
    bits: mean(bitsOf),
    reached: reached.every((step) => step !== undefined) ? mean(reached) : undefined,
    throughput: mean(data.map(meanThroughput)),
    seconds: seconds.length > 0 ? Math.max(...seconds) : undefined,
    step: Math.max(0, ...data.map((entry) => entry.lastStep ?? 0)),
    steps: group.runs[0]?.steps,
    parameters: group.runs[0]?.parameters,
  };
}
