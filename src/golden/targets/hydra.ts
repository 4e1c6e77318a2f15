/** @file `hydra.block`: the bidirectional mixer, forward and backward. */
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import type { Feeds, Machine, Results } from '../machine';
import { forward, mixerCase } from '../mixer-case';
import { hydraOptions } from '../mixer-options';
import { Options } from '../options';

export async function hydraBlock(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const hyperparameters = new Options(goldenCase.hyperparameters);
  hyperparameters.informative('batch', 'length', 'd_model');
  const written = hydraOptions(goldenCase, 'param.', hyperparameters);
  hyperparameters.finish();
  const feeds: Feeds = {};
  const d_model = goldenCase.shape('input.u', 3)[2]!;
  const built = mixerCase(goldenCase, 'hydra', written, feeds, { d_model });
  const u = caseInput(goldenCase, 'input.u', feeds);
  const y = forward(u, built);
  const leaves = { ...built.leaves, 'input.u': u };
  const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
  return machine.evaluate({ 'output.y': y, ...gradients }, feeds);
}
