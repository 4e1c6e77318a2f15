/** @file `mamba2.ssd`: the operator alone, with gradients from both results. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import { MalformedCase } from '../errors';
import type { Feeds, Machine, Results } from '../machine';
import { Options } from '../options';

export async function ssd(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'heads', 'headdim', 'state');
  const chunkSize = options.integer('block_len');
  const hasState = options.boolean('has_initial_state') ?? goldenCase.has('input.initial_states');
  options.finish();

  const feeds: Feeds = {};
  const leaves: Record<string, Tensor> = {};
  const leaf = (name: string): Tensor =>
    (leaves[`input.${name}`] = caseInput(goldenCase, `input.${name}`, feeds));
  const [batch, , heads, headdim] = goldenCase.shape('input.X', 4) as [number, number, number, number];
  const state = goldenCase.shape('input.B', 4)[3]!;
  if (chunkSize !== undefined && chunkSize < 1) throw new MalformedCase('block_len must be at least 1');
  let initialState: Tensor | undefined;
  if (hasState) initialState = g.reshape(leaf('initial_states'), [batch, heads, headdim, state]);
  const { Y, finalState } = g.ssd({
    X: leaf('X'),
    A: leaf('A'),
    B: leaf('B'),
    C: leaf('C'),
    ...(initialState ? { initialState } : {}),
    ...(chunkSize === undefined ? {} : { chunkSize }),
  });
  const seeds = [
    { output: Y, cotangent: 'cotangent' },
    { output: finalState, cotangent: 'cotangent.final_state' },
  ];
  const gradients = caseGradients(goldenCase, seeds, leaves, feeds);
  return machine.evaluate({ 'output.Y': Y, 'output.final_state': finalState, ...gradients }, feeds);
}
