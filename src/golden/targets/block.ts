/** @file `mamba.block` and `mamba2.block`: one mixer, forward, backward and token by token. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import type { Feeds, Machine, Results } from '../machine';
import { forward, mixerCase, type MixerCase } from '../mixer-case';
import { mamba2Options, mambaOptions } from '../mixer-options';
import { Options } from '../options';
import { runSteps } from '../steps';

type Read = typeof mambaOptions;

const block =
  (mixer: 'mamba' | 'mamba2', read: Read) =>
  async (goldenCase: GoldenCase, machine: Machine): Promise<Results> => {
    const hyperparameters = new Options(goldenCase.hyperparameters);
    hyperparameters.informative('batch', 'length', 'd_model');
    const written = read(goldenCase, 'param.', hyperparameters);
    hyperparameters.finish();
    const feeds: Feeds = {};
    const d_model = goldenCase.shape('input.x', 3)[2]!;
    const built = mixerCase(goldenCase, mixer, written, feeds, { d_model });
    const x = caseInput(goldenCase, 'input.x', feeds);
    const leaves = { ...built.leaves, 'input.x': x };
    const y = forward(x, built);
    const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
    const results = await machine.evaluate({ 'output.y': y, ...gradients }, feeds);
    const decodes = goldenCase.names.some((name) => /^output\.(decode_y|\w+_state_t\d+)$/.test(name));
    return decodes ? { ...results, ...(await decoded(goldenCase, machine, built, feeds)) } : results;
  };

/** Token by token, from states that start at zero: `decode_y` and the states behind every token. */
async function decoded(
  goldenCase: GoldenCase,
  machine: Machine,
  { definition, resolved, dims, p }: MixerCase,
  feeds: Feeds,
): Promise<Results> {
  const [batch, length, d_model] = goldenCase.shape('input.x', 3) as [number, number, number];
  const states: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries(definition.state!(resolved, dims))) {
    states[name] = g.input(`state.${name}`, [batch, ...shape]);
  }
  const token = g.input('token', [batch, d_model]);
  const step = definition.step!(token, states, p, resolved, dims);
  const program: Record<string, Tensor> = { y: step.y };
  for (const [name, tensor] of Object.entries(step.state)) program[`next.state.${name}`] = tensor;
  const x = goldenCase.tensor('input.x').values;
  const y = new Float64Array(batch * length * d_model);
  const results: Results = { 'output.decode_y': { shape: [batch, length, d_model], values: y } };
  await runSteps(machine, program, feeds, length, {
    feed: (t) => ({ token: { shape: [batch, d_model], values: columns(x, batch, length, d_model, t) } }),
    take: (t, outputs) => {
      for (let b = 0; b < batch; b++) {
        for (let d = 0; d < d_model; d++) {
          y[(b * length + t) * d_model + d] = outputs['y']!.values[b * d_model + d]!;
        }
      }
      for (const name of Object.keys(states))
        results[`output.${name}_t${t}`] = outputs[`next.state.${name}`]!;
    },
  });
  return results;
}

/** Row `t` of every example: (batch, time, width) → (batch, width). */
function columns(x: ArrayLike<number>, batch: number, length: number, width: number, t: number): number[] {
  return Array.from({ length: batch * width }, (_, i) => {
    const b = Math.floor(i / width);
    return x[(b * length + t) * width + (i % width)]!;
  });
}

export const mambaBlock = block('mamba', mambaOptions);
export const mamba2Block = block('mamba2', mamba2Options);
