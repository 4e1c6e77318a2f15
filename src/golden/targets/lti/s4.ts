/** @file `s4.layer`: kernel, convolution and skip, the discrete matrices and the recovered output map. */
import * as g from '../../../graph';
import type { Tensor } from '../../../graph';
import { dplrKernel, dplrModel, prepareOutput, type DplrSizes } from '../../../layers/lti/dplr-ssm';
import { convolveWritten, skipped } from '../../../layers/lti/s4-block';
import type { GoldenCase } from '../../case';
import { compareAll, compareTensor, type Comparison } from '../../compare';
import { caseGradients, caseInput } from '../../differentiate';
import { MalformedCase } from '../../errors';
import type { Feeds, Machine } from '../../machine';
import { Options } from '../../options';
import { dtTransform } from './keys';

const NAMES = ['inv_dt', 'C', 'B', 'P', 'A_real', 'A_imag'] as const;

export async function s4Layer(goldenCase: GoldenCase, machine: Machine): Promise<Comparison[]> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'H', 'N', 'rank', 'n_ssm', 'channels');
  const init = options.word('init', ['legs', 'legt']) ?? 'legs';
  const bidirectional = options.boolean('bidirectional') ?? false;
  const dt_transform = dtTransform(options);
  const l_max = options.size('L');
  options.finish();
  const feeds: Feeds = {};
  const leaves: Record<string, Tensor> = {};
  const leaf = (name: string): Tensor => (leaves[name] = caseInput(goldenCase, name, feeds));
  const p: Record<string, Tensor> = { 'layer.D': leaf('param.D') };
  for (const name of NAMES) p[`layer.kernel.${name}`] = leaf(`param.kernel.${name}`);
  const [kernels, H, M] = goldenCase.shape('param.kernel.C', 4) as [number, number, number];
  const [rank, n_ssm] = goldenCase.shape('param.kernel.P', 4) as [number, number];
  if (H % n_ssm !== 0) throw new MalformedCase(`n_ssm ${n_ssm} does not divide H ${H}`);
  const sizes: DplrSizes = {
    d_state: 2 * M,
    n_ssm,
    init,
    rank,
    l_max,
    dt_min: 0.001,
    dt_max: 0.1,
    dt_transform,
    lr: 0,
    channels: kernels / (bidirectional ? 2 : 1),
    bidirectional,
    activation: 'none',
    final_act: 'none',
  };
  const model = dplrModel(p, sizes, H);
  const kernel = dplrKernel(model, sizes);
  const x = leaf('input.x');
  const u = g.transpose(x, [1, 0, 2]);
  const y = g.transpose(skipped(u, convolveWritten(u, kernel, sizes), p['layer.D']!, sizes), [1, 0, 2]);
  const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
  const recurrence = g.dplrRecurrence(model);
  const program = {
    'output.y': y,
    'output.kernel': kernel,
    'output.dA': wholeMatrix(recurrence),
    'output.dB': g.complex.toPairs(withConjugates(recurrence.dB, 1)),
    'output.C_recovered': g.complex.toPairs(
      withConjugates(g.recoverOutput(model.C, g.realChange(recurrence), l_max), 2),
    ),
    ...gradients,
  };
  const results = await machine.evaluate(program, feeds);
  return [...compareAll(goldenCase, results), ...prepared(goldenCase, sizes, H)];
}

/** [pairs, conjugates] along an axis. */
const withConjugates = ({ re, im }: g.Complex, axis: number): g.Complex => ({
  re: g.concat([re, re], axis),
  im: g.concat([im, g.neg(im)], axis),
});

/** dA over [pairs, conjugates], (H, N, N, 2). */
function wholeMatrix({ alpha, u, w }: g.DplrRecurrence): Tensor {
  const [rank, H, M] = u.re.shape as [number, number, number];
  const identity = g.constant(
    Float32Array.from({ length: 4 * M * M }, (_, i) => Number(i % (2 * M + 1) === 0)),
    [2 * M, 2 * M],
  );
  const column = (x: g.Complex): g.Complex => g.complex.creshape(withConjugates(x, 1), [H, 2 * M, 1]);
  let total = g.complex.cscale(column(alpha), identity);
  for (let r = 0; r < rank; r++) {
    const part = (x: g.Complex): g.Complex =>
      g.complex.both(x, (values) => g.reshape(g.slice(values, 0, r, r + 1), [H, M]));
    const row = g.complex.creshape(withConjugates(part(w), 1), [H, 1, 2 * M]);
    total = g.complex.cadd(total, g.complex.cmul(column(part(u)), row));
  }
  return g.complex.toPairs(total);
}

/** C (I - dAᴸ) as initialisation makes it must be the trained parameter. */
function prepared(goldenCase: GoldenCase, r: DplrSizes, H: number): Comparison[] {
  if (!goldenCase.has('input.C_before_tilde')) return [];
  const { shape, values } = goldenCase.tensor('input.C_before_tilde');
  const C = Float64Array.from(values);
  prepareOutput(C, r, H, (name) => goldenCase.tensor(`param.kernel.${name}`).values);
  const expected = goldenCase.tensor('param.kernel.C');
  return [compareTensor('param.kernel.C', { shape, values: C }, expected, goldenCase.tolerance, false)];
}
