/** @file Which probes of a training are shown beside each other. */
import type { Frame, LayerSurvey } from '../../../protocol/view-scan';

export const surveyOf = (frame: Frame, layer: number): LayerSurvey | undefined =>
  frame.surveys.find((survey) => survey.layer === layer);

/** Layers that every frame shows something of. */
export const layersOf = (frames: readonly Frame[]): { layer: number; mixer: string }[] =>
  (frames.at(-1)?.surveys ?? [])
    .filter(({ probes }) => probes['hidden_attention_mean'] ?? probes['kernel'])
    .map(({ layer, mixer }) => ({ layer, mixer }));

/** What the film is chosen by: the matrix, or the kernels. */
const shown = (survey: LayerSurvey | undefined): Float32Array | undefined =>
  (survey?.probes['kernel'] ?? survey?.probes['hidden_attention_mean'])?.data;

/** Frames at equal change of what is shown, or at equal steps; first and last always. */
export function film(
  frames: readonly Frame[],
  layer: number,
  count: number,
  choose: 'change' | 'steps',
): number[] {
  const last = frames.length - 1;
  if (last < count) return frames.map((_, k) => k);
  const way = [0];
  for (let k = 1; k <= last; k++) {
    const [a, b] = [shown(surveyOf(frames[k - 1]!, layer)), shown(surveyOf(frames[k]!, layer))];
    let change = 0;
    if (a && b && a.length === b.length) for (let i = 0; i < a.length; i++) change += Math.abs(a[i]! - b[i]!);
    way.push(way[k - 1]! + (choose === 'steps' ? frames[k]!.step - frames[k - 1]!.step : change));
  }
  const total = way[last]! || 1;
  const picked = new Set<number>([0, last]);
  for (let n = 1; n < count - 1; n++) {
    const goal = (n * total) / (count - 1);
    let best = 0;
    for (let k = 1; k <= last; k++) if (Math.abs(way[k]! - goal) < Math.abs(way[best]! - goal)) best = k;
    picked.add(best);
  }
  // Change that comes all at once leaves places free: they go to the widest gaps of time.
  while (picked.size < count) {
    const order = [...picked].sort((a, b) => a - b);
    let widest = 1;
    for (let k = 1; k < order.length; k++)
      if (order[k]! - order[k - 1]! > order[widest]! - order[widest - 1]!) widest = k;
    picked.add(Math.floor((order[widest - 1]! + order[widest]!) / 2));
  }
  return [...picked].sort((a, b) => a - b);
}

/** The film with the shown frame in the place of the one that is nearest to it. */
export function withShown(chosen: readonly number[], at: number): number[] {
  let best = 0;
  chosen.forEach((frame, k) => {
    if (Math.abs(frame - at) < Math.abs(chosen[best]! - at)) best = k;
  });
  return chosen.map((frame, k) => (k === best ? at : frame)).sort((a, b) => a - b);
}
