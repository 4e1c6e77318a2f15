/** @file `s4d.layer`, the minimal layer, and `s4d.block`, the full one: kernel, forward, backward. */
import * as g from '../../../graph';
import type { Tensor } from '../../../graph';
import { mixers, type Dims } from '../../../layers';
import { modes, stepDiagonal, type DiagonalSizes } from '../../../layers/lti/diagonal-ssm';
import type { GoldenCase } from '../../case';
import { caseGradients, caseInput } from '../../differentiate';
import type { Feeds, Machine, Results } from '../../machine';
import { mixerCase, probed } from '../../mixer-case';
import { Options } from '../../options';
import { dtTransform, INITS } from './keys';

const swap = (x: Tensor): Tensor => g.transpose(x, [0, 2, 1]);

/**
 * The minimal file stores A as −exp(log_A_real) + i A_imag and has no B; in the full layer's parameters that is a
 * negative A_imag and B = 1.
 */
export async function s4dLayer(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'd_model', 'd_state', 'length');
  const disc = options.word('disc', ['zoh']) ?? 'zoh';
  options.word('activation', ['exact GELU']);
  options.describes('output');
  options.finish();
  const feeds: Feeds = {};
  const leaves: Record<string, Tensor> = {};
  const leaf = (name: string): Tensor => (leaves[name] = caseInput(goldenCase, name, feeds));
  const [H, M] = goldenCase.shape('param.kernel.C', 3) as [number, number];
  const u = leaf('input.u');
  const weight = leaf('param.output_linear.0.weight');
  const p: Record<string, Tensor> = {
    'layer.kernel.inv_dt': g.reshape(leaf('param.kernel.log_dt'), [H, 1]),
    'layer.kernel.A_real': leaf('param.kernel.log_A_real'),
    'layer.kernel.A_imag': g.neg(leaf('param.kernel.A_imag')),
    'layer.kernel.B': g.constant(
      Float32Array.from({ length: 2 * H * M }, (_, i) => 1 - (i % 2)),
      [1, H, M, 2],
    ),
    'layer.kernel.C': g.reshape(leaf('param.kernel.C'), [1, H, M, 2]),
    'layer.D': g.reshape(leaf('param.D'), [1, H]),
    'output_linear.0.weight': g.reshape(weight, weight.shape.slice(0, 2)),
    'output_linear.0.bias': leaf('param.output_linear.0.bias'),
  };
  const definition = mixers['s4d']!;
  const dims: Dims = { d_model: H, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
  const resolved = definition.resolve(definition.options.parse({ d_state: 2 * M, disc }), dims);
  const { y, probes } = probed(swap(u), { definition, resolved, dims, p, leaves });
  const out = swap(y);
  const [batch, , length] = u.shape as [number, number, number];
  const gradients = caseGradients(goldenCase, [{ output: out, cotangent: 'cotangent' }], leaves, feeds);
  const program = {
    'output.y': out,
    'output.kernel': g.reshape(probes['kernel']!, [H, length]),
    ...(goldenCase.has('output.last_state') && {
      'output.last_state': lastState(u, modes(p, resolved as DiagonalSizes, H), batch),
    }),
    ...gradients,
  };
  return machine.evaluate(program, feeds);
}

/** The state behind the last token, by taking every step. */
function lastState(u: Tensor, m: ReturnType<typeof modes>, batch: number): Tensor {
  const [, H, length] = u.shape as [number, number, number];
  let state = g.zeros([batch, ...m.a.re.shape, 2]);
  for (let t = 0; t < length; t++) {
    state = stepDiagonal(g.reshape(g.slice(u, 2, t, t + 1), [batch, H]), state, m).state;
  }
  return state;
}

export async function s4dBlock(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'H', 'N', 'n_ssm', 'channels');
  const init = options.word('init', INITS);
  const bidirectional = options.boolean('bidirectional') ?? false;
  const dt_transform = dtTransform(options);
  options.finish();
  const feeds: Feeds = {};
  const [kernels, H, M] = goldenCase.shape('param.layer.kernel.C', 4) as [number, number, number];
  const written = {
    d_state: 2 * M,
    n_ssm: goldenCase.shape('param.layer.kernel.A_real', 2)[0],
    channels: kernels / (bidirectional ? 2 : 1),
    bidirectional,
    dt_transform,
    ...(init && { init }),
  };
  const built = mixerCase(goldenCase, 's4d', written, feeds, { d_model: H });
  const x = caseInput(goldenCase, 'input.x', feeds);
  const { y, probes } = probed(x, built);
  const leaves = { ...built.leaves, 'input.x': x };
  const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
  return machine.evaluate({ 'output.y': y, 'output.kernel': probes['kernel']!, ...gradients }, feeds);
}
