/** @file `s4d.kernels`: diagonal kernels alone, in variants of initialisation, discretisation and transforms. */
import * as z from 'zod';
import * as g from '../../../graph';
import type { Tensor } from '../../../graph';
import { diagonalParameters, kernelOf, type DiagonalSizes } from '../../../layers/lti/diagonal-ssm';
import { positive } from '../../../layers/lti/transforms';
import { Random } from '../../../util/random';
import type { GoldenCase } from '../../case';
import { caseGradients, caseInput } from '../../differentiate';
import { MalformedCase, NotSupported } from '../../errors';
import type { Feeds, Machine, Results } from '../../machine';
import { Options } from '../../options';
import { INITS } from './keys';

const variantSchema = z.strictObject({
  init: z.enum(INITS),
  disc: z.enum(['zoh', 'bilinear', 'dss']),
  dt_transform: z.enum(['exp', 'softplus']).nullish(),
  real_transform: z.enum(['exp', 'relu']).nullish(),
  channels: z.int().positive().nullish(),
  n_ssm: z.int().positive().nullish(),
});

const NAMES = ['inv_dt', 'A_real', 'A_imag', 'B', 'C'] as const;

export async function s4dKernels(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('H', 'N');
  const length = options.size('L');
  const variants = options.list('variants', (item): item is unknown => item !== null) ?? [];
  options.finish();
  const feeds: Feeds = {};
  const program: Record<string, Tensor> = {};
  const leaves: Record<string, Tensor> = {};
  const seeds: { output: Tensor; cotangent: string }[] = [];
  for (const [index, item] of variants.entries()) {
    const parsed = variantSchema.safeParse(item);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new NotSupported(`hyperparameter variants.${index}.${issue.path.join('.')}: ${issue.message}`);
    }
    const { init, disc, dt_transform, real_transform } = parsed.data;
    const name = `v${index}_${init}_${disc}`.replaceAll('-', '_');
    const p: Record<string, Tensor> = {};
    for (const parameter of NAMES) {
      const full = `param.${name}.${parameter}`;
      p[`layer.kernel.${parameter}`] = leaves[full] = caseInput(goldenCase, full, feeds);
    }
    const [channels, H, M] = goldenCase.shape(`param.${name}.C`, 4) as [number, number, number];
    const n_ssm = goldenCase.shape(`param.${name}.A_real`, 2)[0]!;
    if (H % n_ssm !== 0) throw new MalformedCase(`n_ssm ${n_ssm} does not divide H ${H}`);
    const sizes: DiagonalSizes = {
      d_state: 2 * M,
      n_ssm,
      init,
      disc: disc === 'dss' ? 'softmax' : disc,
      dt_min: 0.001,
      dt_max: 0.1,
      dt_transform: dt_transform ?? 'exp',
      real_transform: real_transform ?? 'exp',
      lr: 0,
      channels,
      bidirectional: false,
      activation: 'none',
      final_act: 'none',
    };
    const K = kernelOf(p, sizes, H, length);
    program[`output.${name}.K`] = K;
    seeds.push({ output: K, cotangent: `cotangent.${name}.K` });
    program[`output.${name}.initial_A`] = initialA(sizes, H);
  }
  const gradients = caseGradients(goldenCase, seeds, leaves, feeds);
  return machine.evaluate({ ...program, ...gradients }, feeds);
}

/** A as it starts, which no random number decides. */
function initialA(sizes: DiagonalSizes, d_model: number): Tensor {
  const dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
  const specs = diagonalParameters(sizes, dims);
  const start = (name: string): Tensor => {
    const { shape, init } = specs[`layer.kernel.${name}`]!;
    return g.constant(init(shape, new Random(0, name)), shape);
  };
  const re = g.neg(positive(start('A_real'), sizes.real_transform));
  return g.complex.toPairs({ re, im: g.neg(start('A_imag')) });
}
