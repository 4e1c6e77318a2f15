/** @file The case of one mixer as every block has it: forward and backward, and token by token. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { GoldenCase } from './case';
import { caseGradients, caseInput } from './differentiate';
import type { Feeds, Machine, Results } from './machine';
import { forward, mixerCase, type MixerCase } from './mixer-case';
import type { mambaOptions } from './mixer-options';
import { Options } from './options';
import { runSteps } from './steps';

export interface MixerRun {
  readonly built: MixerCase;
  readonly feeds: Feeds;
  /** `output.y` and the gradients that the case stores. */
  readonly results: Results;
}

/**
 * @param read the mixer's options from the hyperparameters
 * @param input name of the tensor (batch, time, d_model)
 */
export async function runMixer(
  goldenCase: GoldenCase,
  machine: Machine,
  mixer: string,
  read: typeof mambaOptions,
  input: string,
): Promise<MixerRun> {
  const hyperparameters = new Options(goldenCase.hyperparameters);
  hyperparameters.informative('batch', 'length', 'd_model');
  const written = read(goldenCase, 'param.', hyperparameters);
  hyperparameters.finish();
  const feeds: Feeds = {};
  const d_model = goldenCase.shape(input, 3)[2]!;
  const built = mixerCase(goldenCase, mixer, written, feeds, { d_model });
  const x = caseInput(goldenCase, input, feeds);
  const y = forward(x, built);
  const leaves = { ...built.leaves, [input]: x };
  const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
  return { built, feeds, results: await machine.evaluate({ 'output.y': y, ...gradients }, feeds) };
}

/**
 * Token by token, from states that start at zero.
 * @param take gets `y` (batch, d_model) and the states `next.state.*` behind every token
 */
export async function runTokens(
  goldenCase: GoldenCase,
  machine: Machine,
  { built: { definition, resolved, dims, p }, feeds }: MixerRun,
  input: string,
  take: (t: number, outputs: Results) => void,
): Promise<void> {
  const [batch, length, d_model] = goldenCase.shape(input, 3) as [number, number, number];
  const states = Object.fromEntries(
    Object.entries(definition.state!(resolved, dims)).map(([name, shape]) => [
      name,
      g.input(`state.${name}`, [batch, ...shape]),
    ]),
  );
  const step = definition.step!(g.input('token', [batch, d_model]), states, p, resolved, dims);
  const program: Record<string, Tensor> = { y: step.y };
  for (const [name, tensor] of Object.entries(step.state)) program[`next.state.${name}`] = tensor;
  const x = goldenCase.tensor(input).values;
  await runSteps(machine, program, feeds, length, {
    feed: (t) => ({
      token: {
        shape: [batch, d_model],
        values: Array.from({ length: batch * d_model }, (_, i) => {
          const b = Math.floor(i / d_model);
          return x[(b * length + t) * d_model + (i % d_model)]!;
        }),
      },
    }),
    take,
  });
}
