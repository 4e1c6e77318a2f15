/** @file The Mamba block (arXiv 2312.00752) from its probes and parameters. */
import { projected, rates, rows, silu, type Arrays, type Block } from './types';

/**
 * @param input of the block (time, d_model)
 * @param probes of one sequence: x, delta, A, B, C, D, y
 * @param p the parameters under their names in the block
 */
export function mambaBlock(input: ArrayLike<number>, probes: Arrays, p: Arrays): Block {
  const D = p['D']!;
  const channels = D.length;
  const states = p['A_log']!.length / channels;
  const length = probes['delta']!.length / channels;
  const d_model = input.length / length;
  const part = (from: number): Float64Array => projected(input, p, length, from, channels);
  const z = part(channels);
  const taps = p['conv1d.weight']!.length / channels;
  return {
    length,
    d_model,
    channels,
    scan: {
      length,
      channels,
      states,
      groups: 1,
      delta: probes['delta']!,
      A: rates(p['A_log']!),
      B: probes['B']!,
      C: probes['C']!,
    },
    u: probes['x']!,
    convInput: part(0),
    z,
    y: probes['y']!,
    out: z.map(silu),
    D,
    convolution: { weight: p['conv1d.weight']!, bias: p['conv1d.bias'], taps, before: taps - 1 },
    W_x: rows(p['in_proj.weight']!, d_model, 0, channels),
    W_out: Float64Array.from(p['out_proj.weight']!),
  };
}
