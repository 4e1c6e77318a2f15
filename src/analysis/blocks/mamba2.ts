/** @file The Mamba-2 block (arXiv 2405.21060) from its probes and parameters; the norm's scale is held at its value. */
import { rmsScale } from '../implicit-attention';
import { startedFrom, type Scan } from '../scan';
import { columns, projected, rates, rows, silu, type Arrays, type Block } from './types';

export interface Mamba2Options {
  readonly ngroups: number;
  readonly norm_before_gate: boolean;
  /** Groups of channels that the norm takes statistics over, and what is added to their mean square. */
  readonly norm_groups: number;
  readonly gated_norm_eps: number;
}

/**
 * @param input of the block (time, d_model)
 * @param probes of one sequence: x, delta, B, C, D (per channel), y
 * @param p the parameters under their names in the block
 * @returns the block, and the norm's scale 1/√(mean square + eps) (time, group)
 */
export function mamba2Block(
  input: ArrayLike<number>,
  probes: Arrays,
  p: Arrays,
  { ngroups, norm_before_gate, norm_groups, gated_norm_eps: eps }: Mamba2Options,
): Block & { readonly normScale: Float64Array | undefined } {
  const heads = p['A_log']!.length;
  const length = probes['delta']!.length / heads;
  const channels = probes['x']!.length / length;
  const states = probes['B']!.length / length / ngroups;
  const d_model = input.length / length;
  const d_inner = p['out_proj.weight']!.length / d_model;
  // In front of z lie the parts of a gated MLP, when not every channel passes the scan.
  const from = 2 * (d_inner - channels);
  const part = (start: number): Float64Array => projected(input, p, length, start, channels);
  const z = part(from);
  const gate = z.map(silu);
  const y = probes['y']!;
  const weight = p['norm.weight'];
  const normScale = weight
    ? rmsScale(
        norm_before_gate ? y : gate.map((value, i) => value * y[i]!),
        length,
        channels,
        norm_groups,
        eps,
      )
    : undefined;
  const each = channels / norm_groups;
  const out = gate.map((value, i) => {
    if (!normScale) return value;
    const [t, channel] = [Math.floor(i / channels), i % channels];
    return value * normScale[t * norm_groups + Math.floor(channel / each)]! * weight![channel]!;
  });
  const width = p['conv1d.weight']!;
  const taps = width.length / (channels + 2 * ngroups * states);
  const scan: Scan = {
    length,
    channels: heads,
    states,
    groups: ngroups,
    delta: probes['delta']!,
    A: rates(p['A_log']!, states),
    B: probes['B']!,
    C: probes['C']!,
  };
  const initial = p['init_states'];
  return {
    length,
    d_model,
    channels,
    scan,
    start: initial && startedFrom(scan, initial),
    u: probes['x']!,
    convInput: part(from + channels),
    z,
    y,
    out,
    D: probes['D']!,
    // x comes first among the channels of the convolution.
    convolution: { weight: width, bias: p['conv1d.bias'], taps, before: taps - 1 },
    W_x: rows(p['in_proj.weight']!, d_model, from + channels, from + 2 * channels),
    W_out: columns(p['out_proj.weight']!, d_inner, d_inner - channels, d_inner),
    normScale,
  };
}
