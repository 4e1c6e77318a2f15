/** @file `mamba3.siso_block` and `mamba3.mimo_block`: forward, backward, and the states behind the last token. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import type { Feeds, Machine, Results } from '../machine';
import { forward, mixerCase, type MixerCase } from '../mixer-case';
import { mamba3Options } from '../mixer-options';
import { Options } from '../options';
import { runSteps } from '../steps';

export async function mamba3Block(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const hyperparameters = new Options(goldenCase.hyperparameters);
  hyperparameters.informative('batch', 'length', 'd_model');
  const written = mamba3Options(goldenCase, 'param.', hyperparameters);
  hyperparameters.finish();
  const feeds: Feeds = {};
  const d_model = goldenCase.shape('input.u', 3)[2]!;
  const built = mixerCase(goldenCase, 'mamba3', written, feeds, { d_model });
  const u = caseInput(goldenCase, 'input.u', feeds);
  const y = forward(u, built);
  const leaves = { ...built.leaves, 'input.u': u };
  const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
  const results = await machine.evaluate({ 'output.y': y, ...gradients }, feeds);
  return { ...results, ...(await lastStates(goldenCase, machine, built, feeds)) };
}

/** Their names of the states of the decoding step. */
const NAMES = {
  'output.last_state': 'ssm_state',
  'output.last_angle': 'angle_state',
  'output.last_k': 'k_state',
  'output.last_v': 'v_state',
} as const;

/** Decoded to the last token; what the case stores is compared, angles up to whole turns. */
async function lastStates(
  goldenCase: GoldenCase,
  machine: Machine,
  { definition, resolved, dims, p }: MixerCase,
  feeds: Feeds,
): Promise<Results> {
  const wanted = Object.entries(NAMES).filter(([name]) => goldenCase.has(name));
  if (wanted.length === 0) return {};
  const [batch, length, d_model] = goldenCase.shape('input.u', 3) as [number, number, number];
  const states = Object.fromEntries(
    Object.entries(definition.state!(resolved, dims)).map(([name, shape]) => [
      name,
      g.input(`state.${name}`, [batch, ...shape]),
    ]),
  );
  const token = g.input('token', [batch, d_model]);
  const step = definition.step!(token, states, p, resolved, dims);
  const program: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(step.state)) program[`next.state.${name}`] = tensor;
  const u = goldenCase.tensor('input.u').values;
  const results: Results = {};
  await runSteps(machine, program, feeds, length, {
    feed: (t) => {
      const values = Array.from({ length: batch * d_model }, (_, i) => {
        const b = Math.floor(i / d_model);
        return u[(b * length + t) * d_model + (i % d_model)]!;
      });
      return { token: { shape: [batch, d_model], values } };
    },
    take: (t, outputs) => {
      if (t < length - 1) return;
      for (const [name, ours] of wanted) {
        const { shape, values } = outputs[`next.state.${ours}`]!;
        // k has an axis for the ranks, which a single-input block stores without.
        const stored = goldenCase.tensor(name).shape;
        const squeezed =
          ours === 'k_state' && stored.length === 3 && shape[1] === 1
            ? [shape[0]!, ...shape.slice(2)]
            : shape;
        results[name] =
          ours === 'angle_state'
            ? { shape, values: nearestTurns(values, goldenCase.tensor(name).values) }
            : { shape: squeezed, values };
      }
    },
  });
  return results;
}

const TURN = 2 * Math.PI;

/** The same angles, whole turns away so that they are as near as can be. */
const nearestTurns = (values: ArrayLike<number>, stored: ArrayLike<number>): number[] =>
  Array.from(values, (value, i) => value + TURN * Math.round((stored[i]! - value) / TURN));
