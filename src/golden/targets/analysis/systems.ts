/** @file Hidden attention of Hydra, H3 and VSSD. */
import { hydraBlock } from '../../../analysis/blocks/hydra';
import { score, shifted, shiftKernel } from '../../../analysis/blocks/h3';
import { implicitOf, rows, silu } from '../../../analysis/blocks/types';
import { apply } from '../../../analysis/hidden-attention';
import { orderFree } from '../../../analysis/hidden-attention-2d';
import { linear } from '../../../analysis/linear/dense';
import { discreteModes, kernel, toeplitz } from '../../../analysis/lti';
import { times, at } from '../../../analysis/linear/complex';
import type { GoldenCase } from '../../case';
import type { Machine, Results } from '../../machine';
import { hydraOptions } from '../../mixer-options';
import { Options } from '../../options';
import { Gathered, joined, probesOf, runLayer, sequence, values } from './parts';

export async function hiddenAttentionHydraTarget(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'd_model');
  const written = hydraOptions(goldenCase, 'param.', options);
  options.finish();
  const run = await runLayer(goldenCase, machine, 'hydra', written, 'input.u');
  const { ngroups } = run.resolved as { ngroups: number };
  const gathered = new Gathered();
  for (let b = 0; b < run.batch; b++) {
    const block = hydraBlock(
      sequence(goldenCase.tensor('input.u'), b),
      probesOf(run, 'hydra', b),
      run.parameters,
      ngroups,
    );
    const { length, channels, scan, matrixOf } = block;
    const heads = scan.channels;
    const implicit = implicitOf(block, (channel) => matrixOf(Math.floor((channel * heads) / channels)));
    gathered.add('scan_input', [length, heads, channels / heads], block.u);
    gathered.add('conv_input', [length, channels], block.convInput);
    gathered.add(
      'matrix',
      [heads, length, length],
      joined(Array.from({ length: heads }, (_, head) => matrixOf(head))),
    );
    gathered.add('implicit_attention', [channels, length, length], joined(implicit.matrices));
    gathered.add('implicit_bias', [length, channels], implicit.bias);
    gathered.add('norm_scale', [length], block.normScale);
  }
  return { 'output.y': run.found['output']!, ...gathered.results() };
}

export async function hiddenAttentionH3Target(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'd_model', 'd_state');
  options.irrelevant('measure', 'l_max', 'dt_min', 'dt_max', 'lr', 'mode', 'measure_args');
  const disc = options.word('disc', ['zoh', 'bilinear'] as const) ?? 'bilinear';
  const headDim = options.integer('head_dim') ?? 1;
  options.finish();
  const [batch, length, channels] = goldenCase.shape('input.u', 3) as [number, number, number];
  const p = (name: string): Float64Array => values(goldenCase, `param.${name}`);
  const heads = channels / headDim;
  const [B, C, real, imaginary, log_dt] = ['B', 'C', 'inv_A_real', 'A_imag', 'log_dt'].map((name) =>
    p(`kernel.kernel.${name}`),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const count = real.length / heads;
  const D = p('D');
  const matrices = Array.from({ length: heads }, (_, h) => {
    const own = Array.from({ length: count }, (_mode, n) => h * count + n);
    const modes = {
      A: own.flatMap((n) => [-Math.exp(real[n]!), imaginary[n]!]),
      C: own.flatMap((n) => [...times(at(C, n), at(B, n))]),
      dt: Math.exp(log_dt[h]!),
    };
    return toeplitz(kernel(discreteModes(modes, disc), length), D[h]!);
  });
  const shift = shiftKernel(p('ssm_k_kernel.kernel.C'), p('ssm_k_kernel.kernel.B'), channels);
  const gathered = new Gathered();
  for (let b = 0; b < batch; b++) {
    const u = sequence(goldenCase.tensor('input.u'), b);
    const [q, k, v] = ['q', 'k', 'v'].map((name) =>
      linear(u, p(`${name}_proj.weight`), length, channels, channels, p(`${name}_proj.bias`)),
    ) as [Float64Array, Float64Array, Float64Array];
    const key = shifted(k, length, shift, p('ssm_k_D'));
    const scores = matrices.map((_, h) => score({ length, heads, headDim, q, k, v }, key, h));
    const attention = scores.map((own, h) => own.map((value, i) => value * matrices[h]![i]!));
    const mixed = new Float64Array(length * channels);
    attention.forEach((matrix, h) => {
      for (let j = 0; j < headDim; j++) {
        const track = Float64Array.from({ length }, (_, t) => v[t * channels + h * headDim + j]!);
        // The output is value-major.
        apply(matrix, track, length, length, 1).forEach(
          (value, t) => (mixed[t * channels + j * heads + h] = value),
        );
      }
    });
    gathered.add('score', [heads, length, length], joined(scores));
    gathered.add('attention', [heads, length, length], joined(attention));
    gathered.add('values', [length, heads, headDim], v);
    gathered.add(
      'y',
      [length, channels],
      linear(mixed, p('output_linear.weight'), length, channels, channels, p('output_linear.bias')),
    );
  }
  return {
    ...gathered.results(),
    'output.toeplitz': { shape: [heads, length, length], values: joined(matrices) },
  };
}

export async function hiddenAttentionVssdTarget(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('d_model', 'headdim', 'd_state', 'expand', 'd_conv', 'B', 'nheads');
  options.irrelevant('ssd_positive_dA');
  const groups = options.integer('ngroups') ?? 1;
  const H = options.size('H');
  const W = options.size('W');
  options.finish();
  const [batch, tokens, d_model] = goldenCase.shape('input.x', 3) as [number, number, number];
  const p = (name: string): Float64Array => values(goldenCase, `param.${name}`);
  const A_log = p('A_log');
  const heads = A_log.length;
  const channels = p('norm.weight').length;
  const headdim = channels / heads;
  const weight = goldenCase.shape('param.conv2d.weight', 4);
  const convolved = weight[0]!;
  const states = (convolved - channels) / (2 * groups);
  const gathered = new Gathered();
  for (let b = 0; b < batch; b++) {
    const x = sequence(goldenCase.tensor('input.x'), b);
    const inProj = p('in_proj.weight');
    const part = (from: number, to: number): Float64Array =>
      linear(x, rows(inProj, d_model, from, to), tokens, d_model, to - from);
    const z = part(0, channels);
    const xbc = around(
      part(channels, channels + convolved),
      H,
      W,
      p('conv2d.weight'),
      weight[2]!,
      p('conv2d.bias'),
    );
    const raw = part(channels + convolved, channels + convolved + heads);
    const delta = raw.map((value, i) => softplus(value + p('dt_bias')[i % heads]!));
    const slice = (from: number, width: number): Float64Array =>
      Float64Array.from(
        { length: tokens * width },
        (_, i) => xbc[Math.floor(i / width) * convolved + from + (i % width)]!,
      );
    const u = slice(0, channels);
    const D = p('D');
    const matrices = Array.from({ length: heads }, (_, h) => {
      // Heads take the groups in turn.
      const group = h % groups;
      return orderFree({
        tokens,
        states,
        a: Math.exp(A_log[h]!),
        D: D[h]!,
        delta: Float64Array.from({ length: tokens }, (_token, t) => delta[t * heads + h]!),
        B: slice(channels + group * states, states),
        C: slice(channels + (groups + group) * states, states),
      });
    });
    const received = matrices.map((matrix, h) =>
      Float64Array.from({ length: tokens }, (_, q) => {
        let sum = 0;
        for (let row = 0; row < tokens; row++)
          sum += Math.abs(matrix[row * tokens + q]! - (row === q ? D[h]! : 0));
        return sum;
      }),
    );
    const mixed = new Float64Array(tokens * channels);
    for (let c = 0; c < channels; c++) {
      const track = Float64Array.from({ length: tokens }, (_, t) => u[t * channels + c]!);
      apply(matrices[Math.floor(c / headdim)]!, track, tokens, tokens, 1).forEach(
        (value, t) => (mixed[t * channels + c] = value),
      );
    }
    const normed = layerNorm(mixed, channels, p('norm.weight'), p('norm.bias')).map(
      (value, i) => value * z[i]!,
    );
    gathered.add('scan_input', [tokens, heads, headdim], u);
    gathered.add('attention', [heads, tokens, tokens], joined(matrices));
    gathered.add('received', [heads, H, W], joined(received));
    gathered.add('y', [tokens, d_model], linear(normed, p('out_proj.weight'), tokens, channels, d_model));
  }
  return gathered.results();
}

const softplus = (x: number): number => (x > 30 ? x : Math.log1p(Math.exp(x)));

/** silu of the depthwise convolution over the grid, as many zeros around as keep its size; x (token, channel). */
function around(
  x: Float64Array,
  H: number,
  W: number,
  weight: Float64Array,
  size: number,
  bias: Float64Array,
): Float64Array {
  const channels = bias.length;
  const half = Math.floor(size / 2);
  return x.map((_, i) => {
    const [token, c] = [Math.floor(i / channels), i % channels];
    const [row, column] = [Math.floor(token / W), token % W];
    let sum = bias[c]!;
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        const [r, s] = [row + a - half, column + b - half];
        if (r >= 0 && r < H && s >= 0 && s < W)
          sum += weight[(c * size + a) * size + b]! * x[(r * W + s) * channels + c]!;
      }
    }
    return silu(sum);
  });
}

function layerNorm(x: Float64Array, width: number, weight: Float64Array, bias: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += width) {
    let mean = 0;
    for (let c = 0; c < width; c++) mean += x[at + c]! / width;
    let variance = 0;
    for (let c = 0; c < width; c++) variance += (x[at + c]! - mean) ** 2 / width;
    for (let c = 0; c < width; c++)
      out[at + c] = ((x[at + c]! - mean) / Math.sqrt(variance + 1e-5)) * weight[c]! + bias[c]!;
  }
  return out;
}
