/** @file `h3.layer`: forward, backward, both kernels and the decoding states. */
import * as g from '../../../graph';
import type { Tensor } from '../../../graph';
import type { GoldenCase } from '../../case';
import { caseGradients, caseInput } from '../../differentiate';
import { MalformedCase } from '../../errors';
import type { Feeds, Machine, Results } from '../../machine';
import { mixerCase, probed, type MixerCase } from '../../mixer-case';
import { Options } from '../../options';

export async function h3Layer(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'd_model', 'd_state', 'head_dim');
  const disc = options.word('disc', ['zoh', 'bilinear']) ?? 'zoh';
  const measure = options.word('measure', ['diag-lin']) ?? 'diag-lin';
  options.finish();
  const [, D, d_state] = goldenCase.shape('param.ssm_k_kernel.kernel.C', 3) as [number, number, number];
  const head_dim = D / goldenCase.shape('param.kernel.kernel.log_dt', 1)[0]!;
  if (!Number.isInteger(head_dim)) throw new MalformedCase('d_model is no multiple of the heads');
  const feeds: Feeds = {};
  const built = mixerCase(goldenCase, 'h3', { d_state, head_dim, disc, measure }, feeds, { d_model: D });
  const u = caseInput(goldenCase, 'input.u', feeds);
  const { y, probes } = probed(u, built);
  const length = u.shape[1]!;
  const shift = probes['shift_kernel']!;
  const kernel = probes['kernel']!;
  const leaves = { ...built.leaves, 'input.u': u };
  const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
  const program = {
    'output.y': y,
    'output.shift_kernel': g.pad(shift, 1, 0, length - shift.shape[1]!),
    'output.diag_kernel': g.reshape(kernel, kernel.shape.slice(1)),
    ...(head_dim === 1 &&
      goldenCase.names.some((name) => name.endsWith('_state_last')) &&
      lastStates(u, built)),
    ...gradients,
  };
  return machine.evaluate(program, feeds);
}

/** Both states behind the last token, by taking every step; one sequence per head. */
function lastStates(u: Tensor, { definition, resolved, dims, p }: MixerCase): Record<string, Tensor> {
  const [batch, length, D] = u.shape as [number, number, number];
  const shapes = Object.entries(definition.state!(resolved, dims));
  let state: Readonly<Record<string, Tensor>> = Object.fromEntries(
    shapes.map(([name, shape]) => [name, g.zeros([batch, ...shape])]),
  );
  for (let t = 0; t < length; t++) {
    const token = g.reshape(g.slice(u, 1, t, t + 1), [batch, D]);
    ({ state } = definition.step!(token, state, p, resolved, dims));
  }
  const diagonal = state['ssm_state']!;
  return {
    'output.shift_state_last': state['shift_state']!,
    'output.diag_state_last': g.reshape(diagonal, [batch, ...diagonal.shape.slice(2)]),
  };
}
