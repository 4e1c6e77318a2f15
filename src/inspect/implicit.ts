/**
 * @file A layer from the vectors that it mixes to its output map as one matrix per channel, whatever kind it is, with the
 * maps on either side: what the norm of a block is made of.
 */
import type { HydraBlock } from '../analysis/blocks/hydra';
import { implicitOf, rows } from '../analysis/blocks/types';
import { product } from '../analysis/linear/dense';
import { rmsScale } from '../analysis/implicit-attention';
import { blockOf, hasBlock, mixingOf, type Mixing } from './mixing';
import { every, type Trace } from './spec';

export interface Implicit {
  /** (query, key) of every channel, or of every head whose channels in a row share one. */
  readonly matrices: readonly ArrayLike<number>[];
  readonly channels: number;
  /** The part of the output that belongs to no token (time, channel), where there is one. */
  readonly bias?: Float64Array;
  /** (channel, d_model) */
  readonly W_x: ArrayLike<number>;
  /** (d_model, channel) */
  readonly W_out: ArrayLike<number>;
}

/** Constant of the norm of Mamba-3's output. */
const EPS = 1e-5;

/** Whether there is one, without computing it. */
export const hasImplicit = (trace: Trace): boolean =>
  hasBlock(trace) ||
  (trace.mixer === 'mamba3' && trace.resolved['is_mimo'] !== true) ||
  trace.mixer === 'h3' ||
  trace.mixer === 'attention';

/** How many matrices there will be. */
export function implicitCount(trace: Trace): number {
  const { channels, count } = mixingOf(trace)!;
  if (trace.mixer === 'h3') return count;
  if (trace.mixer !== 'attention') return channels;
  return Number(trace.resolved['d_conv']) > 0 ? count * Number(trace.resolved['head_dim']) : count;
}

export function implicitParts(trace: Trace): Implicit {
  const mixing = mixingOf(trace)!;
  switch (trace.mixer) {
    case 'mamba3':
      return ofMamba3(trace, mixing);
    case 'h3':
      return ofH3(trace, mixing);
    case 'attention':
      return ofAttention(trace, mixing);
    default:
      return ofBlock(trace);
  }
}

function ofBlock(trace: Trace): Implicit {
  const block = blockOf(trace)!;
  const own = 'matrixOf' in block ? (block as HydraBlock).matrixOf : undefined;
  const each = block.channels / block.scan.channels;
  const found = own ? implicitOf(block, (channel) => own(Math.floor(channel / each))) : implicitOf(block);
  return { ...found, channels: block.channels, W_x: block.W_x, W_out: block.W_out };
}

/** No convolution and no activation: diag(gate · norm) (M + D I). */
function ofMamba3(
  { own, length, d_model }: Trace,
  { matrix, count, channels, gate, y, D }: Mixing,
): Implicit {
  const weight = own['norm.weight'];
  // Every head has a norm of its own.
  const scales = weight && rmsScale(y!, length, channels, count, EPS);
  const headOf = (c: number): number => Math.floor((c * count) / channels);
  const matrices = every(channels).map((c) =>
    Float64Array.from(matrix(headOf(c)), (value, ij) => {
      const [i, j] = [Math.floor(ij / length), ij % length];
      const scale = scales ? scales[i * count + headOf(c)]! * weight[c]! : 1;
      return (value + (i === j ? D[c]! : 0)) * gate![i * channels + c]! * scale;
    }),
  );
  return {
    matrices,
    channels,
    W_x: rows(own['in_proj.weight']!, d_model, channels, 2 * channels),
    W_out: own['out_proj.weight']!,
  };
}

/** Acting on the values, whose channels are head-major; the output's are value-major. */
function ofH3({ own, d_model }: Trace, { matrix, count, channels }: Mixing): Implicit {
  const headDim = channels / count;
  const W = own['output_linear.weight']!;
  const W_out = Float64Array.from({ length: d_model * channels }, (_, i) => {
    const [d, c] = [Math.floor(i / channels), i % channels];
    return W[d * channels + (c % headDim) * count + Math.floor(c / headDim)]!;
  });
  return { matrices: every(count).map(matrix), channels, W_x: own['v_proj.weight']!, W_out };
}

/** Acting on the values of every query head, before a convolution where there is one. */
function ofAttention({ own, length, d_model, resolved }: Trace, { matrix, count }: Mixing): Implicit {
  const [width, kept, taps] = ['head_dim', 'num_heads_kv', 'd_conv'].map((name) =>
    Number(resolved[name]),
  ) as [number, number, number];
  const channels = count * width;
  const from = (count + kept) * width;
  /** Channel of in_proj that holds the values of a query head's channel. */
  const source = (c: number): number =>
    from + Math.floor((Math.floor(c / width) * kept) / count) * width + (c % width);
  const W = own['in_proj.weight']!;
  const W_x = Float64Array.from(
    { length: channels * d_model },
    (_, i) => W[source(Math.floor(i / d_model)) * d_model + (i % d_model)]!,
  );
  const common = { channels, W_x, W_out: own['out_proj.weight']! };
  if (taps === 0) return { ...common, matrices: every(count).map(matrix) };
  const convolution = own['conv1d.weight']!;
  const biases = own['conv1d.bias'];
  const bias = new Float64Array(length * channels);
  const matrices = every(channels).map((c) => {
    const weights = matrix(Math.floor(c / width));
    const band = new Float64Array(length * length);
    for (let t = 0; t < length; t++)
      for (let k = 0; k < taps; k++) {
        const s = t + k - (taps - 1);
        if (s >= 0) band[t * length + s] = convolution[source(c) * taps + k]!;
      }
    for (let t = 0; t < length; t++)
      for (let s = 0; s < length; s++)
        bias[t * channels + c]! += weights[t * length + s]! * (biases?.[source(c)] ?? 0);
    return product(weights, band, length, length, length);
  });
  return { ...common, matrices, bias };
}
