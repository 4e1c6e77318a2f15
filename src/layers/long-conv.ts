/**
 * @file Long convolution: a free kernel as long as the input, kept simple by squashing and smoothing it. After
 * `LongConv` and `LongConvKernel` of HazyResearch/safari (src/models/sequence/long_conv.py at 02220c6).
 */
import * as z from 'zod';
import * as g from '../graph';
import type { Tensor } from '../graph';
import { defineLayer, type Parameters, type Problem, type Tensors } from './define';
import { dropoutRate, keepAll } from './parts/dropout';
import { formula } from './init';
import { blockSizes, blockTransform, dftEntry, inverseBlockTransform } from './lti/block-fft';
import { checkKernelLength, kernelLength, lengthField } from './lti/kernel-length';
import { kernelInit, smooth, squash, START } from './lti/long-kernel';
import { kernelProbe, probeSignals, signalProbes } from './lti/probes';
import {
  blockDropout,
  blockFields,
  blockParameters,
  channelMajor,
  convolveWritten,
  finish,
  finishStep,
  kernelsOf,
  repeated,
  seenBy,
} from './lti/s4-block';

const options = z.strictObject({
  l_max: lengthField.describe(
    'Taps of the kernel; the length of the data unless given. The kernel has d_model · l_max parameters.',
  ),
  weight_init: z
    .enum(['double_exp', 'random'])
    .default('double_exp')
    .describe(
      'Initial kernels: normal values of deviation 0.02 that fall off geometrically, each channel at its own rate ' +
        '(double_exp), or of deviation 0.002 (random).',
    ),
  lam: z
    .number()
    .min(0)
    .default(0.003)
    .describe('Squash: taps smaller than λ become zero, the others shrink by λ.')
    .meta({ symbol: 'λ' }),
  use_ma_smoothing: z
    .boolean()
    .default(false)
    .describe('Smooth the kernel by a moving average before the squash.'),
  ma_window_len: z.int().positive().default(7).describe('Window of the moving average; odd.'),
  kernel_dropout: dropoutRate('Share of taps that is dropped in every training step, after the squash.'),
  block_fft: z
    .boolean()
    .default(false)
    .describe(
      'Learned butterfly: a Fourier transform of small matrices that are trained too. Its output may depend on ' +
        'later tokens, so it is not for language models.',
    ),
  max_m: z
    .union([z.literal(2), z.literal(4), z.literal(8), z.literal(16)])
    .default(16)
    .describe('Largest learned block of the butterfly.'),
  lr: z
    .number()
    .min(0)
    .default(0.001)
    .describe('Learning rate of the kernel and of learned blocks, which are not decayed.'),
  ...blockFields,
});

interface Resolved extends Omit<z.output<typeof options>, 'l_max'> {
  readonly l_max: number;
  /** Length of the learned butterfly: a power of two with room for input and kernel. */
  readonly fft_length: number;
}

/** Tokens of a prompt up to which sums over the taps cost less than Fourier transforms over all inputs. */
const FEW = 16;

/** Taps where neither the option nor the data say how many. */
const DEFAULT_LENGTH = 1024;

export const longConv = defineLayer<typeof options, Resolved>({
  name: 'long-conv',
  title: 'Long convolution',
  summary: 'Convolution with a free kernel as long as the input, made sparse and smooth while training.',
  description:
    'The kernel of a state space model, but learned tap by tap: no recurrence, no structure, only a threshold that ' +
    'keeps it simple. Parameters grow with the length, and decoding keeps the last `l_max` inputs.',
  formula: [
    'K = sign(k) · relu(|k| − λ),  k smoothed before where asked for',
    'y = K ∗ u + D u,  out = GLU(W · gelu(y) + b)',
  ].join('  \n'),
  paper: {
    title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling',
    authors:
      'Daniel Y. Fu, Elliot L. Epstein, Eric Nguyen, Armin W. Thomas, Michael Zhang, Tri Dao, Atri Rudra, ' +
      'Christopher Ré',
    year: 2023,
    url: 'https://arxiv.org/abs/2302.06646',
  },
  options,

  resolve(o, dims) {
    const l_max = kernelLength(o, dims) ?? DEFAULT_LENGTH;
    const longest = Math.max(l_max, dims.length ?? 0);
    const fft_length = 2 ** Math.ceil(Math.log2(Math.max(2 * longest, 2 * o.max_m)));
    return { ...o, l_max, fft_length };
  },

  check(o, dims) {
    const problems: Problem[] = checkKernelLength(o, dims);
    if (o.use_ma_smoothing && o.ma_window_len % 2 === 0) {
      const message = `ma_window_len (${o.ma_window_len}) must be odd, so that the average is centred.`;
      problems.push({ path: ['ma_window_len'], message, suggestion: o.ma_window_len + 1 });
    }
    const deviation = START[o.weight_init];
    if (o.lam > 3 * deviation) {
      const message =
        `lam (${o.lam}) is far above the initial taps (deviation ${deviation}): the kernel starts as zero and ` +
        'gets no gradient.';
      problems.push({ path: ['lam'], message, suggestion: deviation / 2, severity: 'warning' });
    }
    return problems;
  },

  causal: (r) => !r.bidirectional && !r.block_fft,

  // The circle of the learned transform has room for as many taps again.
  span: (r) => (r.block_fft ? { most: r.fft_length / 2 } : {}),

  parameters(r, dims) {
    const own = { decay: false, weightDecay: 0, lr: r.lr };
    const kernel: Record<string, Parameters[string]> = {
      'kernel.kernel': {
        shape: [kernelsOf(r), dims.d_model, r.l_max],
        init: kernelInit(r.weight_init),
        ...own,
      },
    };
    for (const m of r.block_fft ? blockSizes(r.fft_length, r.max_m) : []) {
      kernel[`block_fft.mat_${m}`] = { shape: [1, m, m, 2], init: formula(dftEntry(m)), ...own };
    }
    const { 'layer.D': D, ...rest } = blockParameters(r, dims, kernel);
    return { ...rest, D: D! };
  },

  forward(x, p, r, _dims, ctx) {
    const ahead = r.bidirectional || r.block_fft;
    const u = channelMajor(seenBy({ bidirectional: ahead }, x, ctx));
    const kept = shaped(p, r);
    const kernel = ctx.dropout?.(kept, r.kernel_dropout, 'kernel') ?? kept;
    const convolved = r.block_fft ? throughBlocks(u, kernel, p, r) : convolveWritten(u, kernel, r);
    // Its authors drop behind the activation alone.
    const dropping = { ...blockDropout(ctx, r), before: keepAll };
    const { out, y } = finish(u, convolved, renamed(p), r, dropping);
    if (ctx.probing) {
      ctx.probe('kernel', kept);
      probeSignals(ctx, x, y, p['D']!);
    }
    return out;
  },

  state: (r, dims): { conv_state: number[] } => ({ conv_state: [dims.d_model, r.l_max] }),

  step(x, state, p, r) {
    // Newest first, as the taps.
    const newest = g.unsqueeze(x, 2);
    const inputs = g.concat([newest, g.slice(state['conv_state']!, 2, 0, r.l_max - 1)], 2);
    const read = g.sum(g.mul(shaped(p, r), g.unsqueeze(inputs, 1)), [3]);
    return { y: finishStep(x, read, renamed(p), r), state: { conv_state: inputs } };
  },

  prefill(x, state, p, r) {
    const length = x.shape[1]!;
    const u = channelMajor(x);
    const past = g.flip(g.transpose(state['conv_state']!, [1, 0, 2]), 2);
    const inputs = g.concat([past, u], 2);
    const kernel = shaped(p, r);
    const convolved =
      length <= FEW
        ? lastOutputs(inputs, kernel, length)
        : g.slice(convolveWritten(inputs, kernel, r), 2, r.l_max, r.l_max + length);
    const newest = g.flip(g.slice(inputs, 2, length, length + r.l_max), 2);
    return {
      y: finish(u, convolved, renamed(p), r).out,
      state: { conv_state: g.transpose(newest, [1, 0, 2]) },
    };
  },

  probes: { kernel: kernelProbe(), ...signalProbes },
});

/** The kernel as it convolves, (kernels, H, l_max). */
function shaped(p: Tensors, r: Resolved): Tensor {
  const kernel = p['kernel.kernel']!;
  return squash(r.use_ma_smoothing ? smooth(kernel, r.ma_window_len) : kernel, r.lam);
}

/**
 * Outputs at the last `count` places of inputs (H, batch, time) as a product with the kernel at `count` places, which
 * a decoder writes out once: (channels · H, batch, count).
 * @param kernel (channels, H, taps)
 */
function lastOutputs(inputs: Tensor, kernel: Tensor, count: number): Tensor {
  const [channels, H, taps] = kernel.shape as [number, number, number];
  const [, batch, length] = inputs.shape as [number, number, number];
  // Oldest input first.
  const backwards = g.flip(kernel, 2);
  const columns = Array.from({ length: count }, (_, i) => g.pad(backwards, 2, i + 1, count - 1 - i));
  const seen = g.slice(inputs, 2, length - count - taps, length);
  return g.reshape(g.matmul(seen, g.stack(columns, 3)), [channels * H, batch, count]);
}

/** The block's parameters under the names that it knows. */
const renamed = (p: Tensors): Tensors => ({ ...p, 'layer.D': p['D']! });

/** Learned transforms of input and kernel, their product, and the exact way back: (channels · H, batch, time). */
function throughBlocks(u: Tensor, kernel: Tensor, p: Tensors, r: Resolved): Tensor {
  const { channels, fft_length: N, max_m } = r;
  const [H, batch, length] = u.shape as [number, number, number];
  const blocks = (m: number): g.Complex => {
    const matrix = p[`block_fft.mat_${m}`]!;
    return g.complex.fromPairs(g.reshape(matrix, [m, m, 2]));
  };
  const part = (first: number): Tensor =>
    g.reshape(g.slice(kernel, 0, first, first + channels), [channels * H, r.l_max]);
  const ahead = g.pad(part(0), 1, 0, N - r.l_max);
  // A circle: what looks ahead lies at its end, from distance 1 on.
  const around = r.bidirectional ? g.add(ahead, g.pad(g.flip(part(channels), 1), 1, N - r.l_max, 0)) : ahead;
  const rows = channels * H * batch;
  const inputs = g.reshape(g.pad(repeated(u, channels), 2, 0, N - length), [rows, N]);
  const spectrum = g.complex.creshape(blockTransform({ re: inputs }, max_m, blocks), [
    channels * H,
    batch,
    N,
  ]);
  const filter = g.complex.creshape(blockTransform({ re: around }, max_m, blocks), [channels * H, 1, N]);
  const products = g.complex.creshape(g.complex.cmul(spectrum, filter), [rows, N]);
  const back = inverseBlockTransform(products, max_m).re;
  return g.slice(g.reshape(back, [channels * H, batch, N]), 2, 0, length);
}
