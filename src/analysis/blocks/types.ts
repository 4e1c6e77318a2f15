/** @file What a block's implicit attention is made of: the scan of one sequence with what stands around it. */
import { hiddenAttention } from '../hidden-attention';
import { blockNorm, convolved, implicitAttention, type Convolution } from '../implicit-attention';
import { linear } from '../linear/dense';
import type { Scan } from '../scan';

/** Values by name, row-major, of one sequence (probes) or of a layer (parameters). */
export type Arrays = Readonly<Record<string, ArrayLike<number>>>;

export interface Block {
  readonly length: number;
  readonly d_model: number;
  readonly channels: number;
  /** Matrices of the scan: one per channel, or one per head that its channels share. */
  readonly scan: Scan;
  /** Scan input (time, channel): silu of the convolution. */
  readonly u: ArrayLike<number>;
  /** Input of the convolution (time, channel). */
  readonly convInput: Float64Array;
  /** Before the gate's activation (time, channel). */
  readonly z: Float64Array;
  /** Scan output with the skip, before the gate (time, channel). */
  readonly y: ArrayLike<number>;
  /** What multiplies the scan's output on its way to out_proj (time, channel). */
  readonly out: Float64Array;
  /** (channel) */
  readonly D: ArrayLike<number>;
  /** What a learned state before the first token adds to the scan's output (time, channel). */
  readonly start?: Float64Array | undefined;
  /** Whether the convolution sees a position: it does not see padding. All unless given. */
  readonly real?: readonly boolean[] | undefined;
  readonly convolution: Convolution;
  /** Rows of in_proj that make the convolution's input (channel, d_model). */
  readonly W_x: Float64Array;
  /** (d_model, channel) */
  readonly W_out: Float64Array;
}

export const silu = (x: number): number => x / (1 + Math.exp(-x));

/** Rows from … to of a matrix (rows, columns). */
export const rows = (m: ArrayLike<number>, columns: number, from: number, to: number): Float64Array =>
  Float64Array.from({ length: (to - from) * columns }, (_, i) => m[from * columns + i]!);

/** Rows from … of in_proj, `count` of them, on the block's input (time, d_model): (time, count). */
export function projected(
  input: ArrayLike<number>,
  p: Arrays,
  length: number,
  from: number,
  count: number,
): Float64Array {
  const d_model = input.length / length;
  const bias = p['in_proj.bias'];
  return linear(
    input,
    rows(p['in_proj.weight']!, d_model, from, from + count),
    length,
    d_model,
    count,
    bias && rows(bias, 1, from, from + count),
  );
}

/** A = −exp(A_log), every entry for `states` states that share it. */
export const rates = (A_log: ArrayLike<number>, states = 1): Float64Array =>
  Float64Array.from({ length: A_log.length * states }, (_, i) => -Math.exp(A_log[Math.floor(i / states)]!));

/** Columns from … to of a matrix (rows, columns). */
export const columns = (m: ArrayLike<number>, width: number, from: number, to: number): Float64Array => {
  const count = to - from;
  return Float64Array.from(
    { length: (m.length / width) * count },
    (_, i) => m[Math.floor(i / count) * width + from + (i % count)]!,
  );
};

/** Column `channel` of values (time, channel). */
export const track = (values: ArrayLike<number>, channels: number, channel: number): Float64Array =>
  Float64Array.from({ length: values.length / channels }, (_, t) => values[t * channels + channel]!);

/** The scan's matrices, each computed once: (channel) → (query, key). */
export function mixing(block: Block): (channel: number) => Float64Array {
  const known = new Map<number, Float64Array>();
  return (channel) => {
    const own = Math.floor((channel * block.scan.channels) / block.channels);
    if (!known.has(own)) known.set(own, hiddenAttention(block.scan, own));
    return known.get(own)!;
  };
}

/** G of every channel, and the part of the output that belongs to no token (time, channel); `matrixOf` gives the mixing matrix without D. */
export function implicitOf(
  block: Block,
  matrixOf: (channel: number) => ArrayLike<number> = mixing(block),
): { matrices: Float64Array[]; bias: Float64Array } {
  const { length, channels, convInput, convolution, D, out, start, real } = block;
  const bias = start ? start.map((value, i) => value * out[i]!) : new Float64Array(length * channels);
  const matrices = Array.from({ length: channels }, (_, channel) => {
    const found = implicitAttention({
      length,
      channel,
      alpha: matrixOf(channel),
      D: D[channel]!,
      v: convolved(convInput, length, channels, channel, convolution),
      out: track(out, channels, channel),
      convolution,
    });
    found.bias.forEach((value, t) => (bias[t * channels + channel]! += value));
    return real ? found.matrix.map((value, i) => (real[i % length] ? value : 0)) : found.matrix;
  });
  return { matrices, bias };
}

/** Token-to-token norm of the block (i, j). */
export const normOf = (block: Block, matrices: readonly Float64Array[]): Float64Array =>
  blockNorm(matrices, block.length, block.W_out, block.W_x, block.d_model);
