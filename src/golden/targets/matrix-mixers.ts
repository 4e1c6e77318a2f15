/** @file `hydra.matrix_mixers`: several matrices in one shell, each with its own parameters, input and gradients. */
import type { Tensor } from '../../graph';
import type { GoldenCase } from '../case';
import { caseInput } from '../differentiate';
import * as g from '../../graph';
import { MalformedCase, NotSupported } from '../errors';
import type { Feeds, Machine, Results } from '../machine';
import { forward, mixerCase } from '../mixer-case';
import { isText, Options } from '../options';

const VARIANTS = [
  'dense-di',
  'low_rank-di',
  'low_rank-dd',
  'attention-dd',
  'toeplitz-di',
  'toeplitz-dd',
  'vandermonde-dd',
  'cauchy-dd',
  'quasiseparable-di',
  'quasiseparable-dd',
];

export async function matrixMixers(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'd_model', 'expand', 'd_conv');
  const variants = options.list('variants', isText) ?? [];
  const common = {
    headdim: options.size('headdim'),
    qk_dim: options.size('qk_dim'),
    max_seq_len: options.integer('max_seq_len'),
    toeplitz_index: 'released',
  };
  options.finish();
  const results: Results = {};
  for (const variant of variants) {
    if (!VARIANTS.includes(variant)) throw new NotSupported(`the variant ${variant} is not supported`);
    Object.assign(results, await oneVariant(goldenCase, machine, variant, common));
  }
  return results;
}

async function oneVariant(
  goldenCase: GoldenCase,
  machine: Machine,
  variant: string,
  common: Readonly<Record<string, unknown>>,
): Promise<Results> {
  const prefix = `param.${variant}.`;
  const [, length, d_model] = goldenCase.shape(`input.${variant}.u`, 3) as [number, number, number];
  const d_inner = goldenCase.shape(`${prefix}out_proj.weight`, 2)[1]!;
  if (d_inner % d_model !== 0) throw new MalformedCase(`${d_inner} is no multiple of d_model ${d_model}`);
  const written = {
    ...common,
    max_seq_len: common['max_seq_len'] ?? length,
    matrix_mixer_type: variant.replace(/-d[di]$/, ''),
    is_data_dependent: variant.endsWith('-dd'),
    expand: d_inner / d_model,
    d_conv: goldenCase.shape(`${prefix}conv1d.weight`, 3)[2],
    conv_bias: goldenCase.has(`${prefix}conv1d.bias`),
    bias: goldenCase.has(`${prefix}in_proj.bias`),
  };
  const feeds: Feeds = {};
  const built = mixerCase(goldenCase, 'matrix-mixer', written, feeds, { d_model, prefix });
  const u = caseInput(goldenCase, `input.${variant}.u`, feeds);
  const leaves: Record<string, Tensor> = { ...built.leaves, [`input.${variant}.u`]: u };
  const y = forward(u, built);
  const outputs: Record<string, Tensor> = { [`output.${variant}.y`]: y };
  const own = [`param.${variant}.`, `input.${variant}.`];
  const wanted = goldenCase.under('grad.').filter((name) => own.some((start) => name.startsWith(start)));
  if (wanted.length > 0) {
    const wrt = wanted.map((name) => {
      const leaf = leaves[name];
      if (!leaf) throw new MalformedCase(`there is a grad.${name}, but the target has no ${name}`);
      return leaf;
    });
    const cotangent = caseInput(goldenCase, `cotangent.${variant}`, feeds);
    if (cotangent.shape.join() !== y.shape.join()) {
      throw new MalformedCase(`cotangent.${variant} has not the shape of its output`);
    }
    g.gradients([{ output: y, cotangent }], wrt).forEach((gradient, i) => {
      outputs[`grad.${wanted[i]!}`] = gradient;
    });
  }
  return machine.evaluate(outputs, feeds);
}
