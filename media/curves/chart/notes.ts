/** @file What is marked in the main chart besides the lines: events of the runs, the end of the warm-up, checkpoints. */
import type { ChartNote } from '../../../src/figures/curves/notes';
import type { CurvesModel } from '../model';

/** Events that are worth a line in every chart. */
const told: Record<string, (note: string | undefined) => string> = {
  resume: () => 'resumed',
  'non-finite': (note) => note ?? 'not a number',
  lr: (note) => note ?? 'learning rate changed',
};

export function notesOf(model: CurvesModel): ChartNote[] {
  const notes = new Map<string, ChartNote>();
  const { axis } = model.state;
  for (const group of model.visible()) {
    for (const run of group.runs) {
      const data = model.dataOf(run.id);
      for (const event of data.events) {
        const words = told[event.event];
        if (!words) continue;
        const x = data.positionOf(event.step, axis);
        notes.set(`${event.event} ${x}`, { x, text: words(event.note) });
      }
    }
  }
  const end = warmupEnd(model);
  if (end !== undefined) notes.set('warm-up', { x: end, text: 'warm-up ends' });
  return [...notes.values()];
}

/** Where the warm-up ends: the config's, said when it is the same for all and some run has come so far. */
function warmupEnd(model: CurvesModel): number | undefined {
  const runs = model.visible().flatMap((group) => group.runs);
  const warmup = runs[0]?.keys['warmup'];
  if (typeof warmup !== 'number' || warmup <= 0) return undefined;
  const longest = runs.find((run) => (model.dataOf(run.id).lastStep ?? 0) >= warmup);
  if (!longest || runs.some((run) => run.keys['warmup'] !== warmup)) return undefined;
  return model.dataOf(longest.id).positionOf(warmup, model.state.axis);
}

/** Where checkpoints were written, unless there are too many to tell apart. */
export function checkpointsOf(model: CurvesModel): number[] {
  const places = new Set<number>();
  for (const group of model.visible()) {
    for (const run of group.runs) {
      for (const step of run.checkpoints) places.add(model.dataOf(run.id).positionOf(step, model.state.axis));
    }
  }
  return places.size > 60 ? [] : [...places].filter(Number.isFinite);
}
