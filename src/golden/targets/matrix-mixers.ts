/** @file `hydra.matrix_mixers`: several matrices in one shell, each with its own parameters, input and gradients. */
import type { Tensor } from '../../graph';
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
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
  const feeds: Feeds = {};
  const outputs: Record<string, Tensor> = {};
  const leaves: Record<string, Tensor> = {};
  const seeds = variants.map((variant) => {
    if (!VARIANTS.includes(variant)) throw new NotSupported(`the variant ${variant} is not supported`);
    const built = mixerCase(goldenCase, 'matrix-mixer', written(goldenCase, variant, common), feeds, {
      d_model: goldenCase.shape(`input.${variant}.u`, 3)[2]!,
      prefix: `param.${variant}.`,
    });
    const u = caseInput(goldenCase, `input.${variant}.u`, feeds);
    Object.assign(leaves, built.leaves, { [`input.${variant}.u`]: u });
    const output = (outputs[`output.${variant}.y`] = forward(u, built));
    return { output, cotangent: `cotangent.${variant}` };
  });
  return machine.evaluate({ ...outputs, ...caseGradients(goldenCase, seeds, leaves, feeds) }, feeds);
}

/** The mixer's options of one variant. */
function written(
  goldenCase: GoldenCase,
  variant: string,
  common: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const prefix = `param.${variant}.`;
  const [, length, d_model] = goldenCase.shape(`input.${variant}.u`, 3) as [number, number, number];
  const d_inner = goldenCase.shape(`${prefix}out_proj.weight`, 2)[1]!;
  if (d_inner % d_model !== 0) throw new MalformedCase(`${d_inner} is no multiple of d_model ${d_model}`);
  return {
    ...common,
    max_seq_len: common['max_seq_len'] ?? length,
    matrix_mixer_type: variant.replace(/-d[di]$/, ''),
    is_data_dependent: variant.endsWith('-dd'),
    expand: d_inner / d_model,
    d_conv: goldenCase.shape(`${prefix}conv1d.weight`, 3)[2],
    conv_bias: goldenCase.has(`${prefix}conv1d.bias`),
    bias: goldenCase.has(`${prefix}in_proj.bias`),
  };
}
