/** @file `mamba3.siso_block` and `mamba3.mimo_block`: forward, backward, and the states behind the last token. */
import type { GoldenCase } from '../case';
import type { Machine, Results } from '../machine';
import { mamba3Options } from '../mixer-options';
import { runMixer, runTokens, type MixerRun } from '../mixer-run';

export async function mamba3Block(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const run = await runMixer(goldenCase, machine, 'mamba3', mamba3Options, 'input.u');
  return { ...run.results, ...(await lastStates(goldenCase, machine, run)) };
}

/** Their names of the states of the decoding step. */
const NAMES = {
  'output.last_state': 'ssm_state',
  'output.last_angle': 'angle_state',
  'output.last_k': 'k_state',
  'output.last_v': 'v_state',
} as const;

/** Decoded to the last token; what the case stores is compared, angles up to whole turns. */
async function lastStates(goldenCase: GoldenCase, machine: Machine, run: MixerRun): Promise<Results> {
  const wanted = Object.entries(NAMES).filter(([name]) => goldenCase.has(name));
  if (wanted.length === 0) return {};
  const length = goldenCase.shape('input.u', 3)[1]!;
  const results: Results = {};
  await runTokens(goldenCase, machine, run, 'input.u', (t, outputs) => {
    if (t < length - 1) return;
    for (const [name, ours] of wanted) {
      const { shape, values } = outputs[`next.state.${ours}`]!;
      // k has an axis for the ranks, which a single-input block stores without.
      const stored = goldenCase.tensor(name).shape;
      const squeezed =
        ours === 'k_state' && stored.length === 3 && shape[1] === 1 ? [shape[0]!, ...shape.slice(2)] : shape;
      results[name] =
        ours === 'angle_state'
          ? { shape, values: nearestTurns(values, goldenCase.tensor(name).values) }
          : { shape: squeezed, values };
    }
  });
  return results;
}

const TURN = 2 * Math.PI;

/** The same angles, whole turns away so that they are as near as can be. */
const nearestTurns = (values: ArrayLike<number>, stored: ArrayLike<number>): number[] =>
  Array.from(values, (value, i) => value + TURN * Math.round((stored[i]! - value) / TURN));
