/** @file `long_conv.layer` and `long_conv.block_fft`: free kernels, and the transform with learned blocks. */
import * as g from '../../../graph';
import type { Tensor } from '../../../graph';
import { blockSizes, blockTransform } from '../../../layers/lti/block-fft';
import type { GoldenCase } from '../../case';
import { caseGradients, caseInput } from '../../differentiate';
import { MalformedCase } from '../../errors';
import type { Feeds, Machine, Results } from '../../machine';
import { mixerCase, probed } from '../../mixer-case';
import { Options } from '../../options';

export async function longConvLayer(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'd_model', 'length', 'channels');
  const bidirectional = options.boolean('bidirectional') ?? false;
  const lam = options.number('lam');
  const use_ma_smoothing = options.boolean('use_ma_smoothing') ?? false;
  const ma_window_len = options.integer('ma_window_len');
  options.finish();
  const [kernels, d_model, l_max] = goldenCase.shape('param.kernel.kernel', 3) as [number, number, number];
  const written = {
    l_max,
    channels: kernels / (bidirectional ? 2 : 1),
    bidirectional,
    use_ma_smoothing,
    ...(lam !== undefined && { lam }),
    ...(ma_window_len !== undefined && { ma_window_len }),
  };
  const feeds: Feeds = {};
  const built = mixerCase(goldenCase, 'long-conv', written, feeds, { d_model });
  const u = caseInput(goldenCase, 'input.u', feeds);
  const swap = (x: Tensor): Tensor => g.transpose(x, [0, 2, 1]);
  const { y, probes } = probed(swap(u), built);
  const out = swap(y);
  const leaves = { ...built.leaves, 'input.u': u };
  const gradients = caseGradients(goldenCase, [{ output: out, cotangent: 'cotangent' }], leaves, feeds);
  return machine.evaluate(
    { 'output.y': out, 'output.squashed_kernel': probes['kernel']!, ...gradients },
    feeds,
  );
}

export async function blockFft(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'H', 'N');
  const largest = options.size('max_m');
  options.finish();
  const feeds: Feeds = {};
  const [batch, H, N, parts] = goldenCase.shape('input.x', 4) as [number, number, number, number];
  const whole = (n: number): boolean => Number.isInteger(Math.log2(n));
  if (!whole(N) || !whole(largest) || largest < 2 || N <= largest || parts !== 2) {
    throw new MalformedCase(`N ${N} and max_m ${largest} must be powers of two, N above max_m`);
  }
  const x = caseInput(goldenCase, 'input.x', feeds);
  const leaves: Record<string, Tensor> = { 'input.x': x };
  for (const m of blockSizes(N, largest)) {
    leaves[`param.mat_${m}`] = caseInput(goldenCase, `param.mat_${m}`, feeds);
  }
  const blocks = (m: number): g.Complex =>
    g.complex.fromPairs(g.reshape(leaves[`param.mat_${m}`]!, [m, m, 2]));
  const rows = g.complex.creshape(g.complex.fromPairs(x), [batch * H, N]);
  const y = g.reshape(g.complex.toPairs(blockTransform(rows, largest, blocks)), [batch, H, N, 2]);
  const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
  return machine.evaluate({ 'output.y': y, ...gradients }, feeds);
}
