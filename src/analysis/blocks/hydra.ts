/** @file The Hydra block (arXiv 2407.09941) from its probes and parameters; the norm's scale is held at its value. */
import { rmsScale } from '../implicit-attention';
import { quasiseparable, reversed } from '../quasiseparable';
import { startedFrom, type Scan } from '../scan';
import { projected, rates, rows, silu, type Arrays, type Block } from './types';

/** The constant of the gated norm. */
const EPS = 1e-5;

/** The two scans of Hydra as one matrix per head. */
export interface HydraMixing {
  /** In reading order. */
  readonly scan: Scan;
  readonly channels: number;
  /** What learned states before the ends add to the output (time, channel). */
  readonly start?: Float64Array | undefined;
  /** (head) → the quasiseparable matrix with its diagonal (i, j), computed once. */
  readonly matrixOf: (head: number) => Float64Array;
}

export interface HydraBlock extends Block, HydraMixing {
  /** (time) */
  readonly normScale: Float64Array;
}

/**
 * @param probes of one sequence: x, delta_forward, B_forward, …, diagonal
 * @param p the parameters under their names in the block
 */
export function hydraMixing(probes: Arrays, p: Arrays, ngroups: number): HydraMixing {
  const heads = p['A_log']!.length;
  const length = probes['delta_forward']!.length / heads;
  const states = probes['B_forward']!.length / length / ngroups;
  const A = rates(p['A_log']!, states);
  const common = { length, channels: heads, states, groups: ngroups, A };
  const scan: Scan = {
    ...common,
    delta: probes['delta_forward']!,
    B: probes['B_forward']!,
    C: probes['C_forward']!,
  };
  const backward: Scan = {
    ...common,
    delta: reversed(probes['delta_backward']!, length),
    B: reversed(probes['B_backward']!, length),
    C: reversed(probes['C_backward']!, length),
  };
  const known = new Map<number, Float64Array>();
  const initial = p['init_states'];
  return {
    scan,
    channels: probes['x']!.length / length,
    start: initial && startedBothWays(scan, backward, initial),
    matrixOf: (head) => {
      if (!known.has(head)) {
        const diagonal = Float64Array.from({ length }, (_, t) => probes['diagonal']![t * heads + head]!);
        known.set(head, quasiseparable(scan, backward, head, diagonal));
      }
      return known.get(head)!;
    },
  };
}

/** Both scans with their outputs one step on, as the matrix has them. @param backward in reverse order of time */
function startedBothWays(scan: Scan, backward: Scan, initial: ArrayLike<number>): Float64Array {
  const ahead = startedFrom(scan, initial);
  const back = reversed(startedFrom(backward, initial), scan.length);
  const width = ahead.length / scan.length;
  return ahead.map((_, i) => (ahead[i - width] ?? 0) + (back[i + width] ?? 0));
}

/**
 * @param input of the block (time, d_model)
 * @param probes of one sequence: x, delta_forward, B_forward, …, diagonal, y
 * @param p the parameters under their names in the block
 * @param real false for padding
 */
export function hydraBlock(
  input: ArrayLike<number>,
  probes: Arrays,
  p: Arrays,
  ngroups: number,
  real?: readonly boolean[],
): HydraBlock {
  const mixing = hydraMixing(probes, p, ngroups);
  const { scan, channels } = mixing;
  const { length, states } = scan;
  const d_model = input.length / length;
  const part = (from: number): Float64Array => projected(input, p, length, from, channels);
  const z = part(0);
  const y = probes['y']!;
  // The norm comes before the gate, over all channels.
  const normScale = rmsScale(y, length, channels, 1, EPS);
  const weight = p['norm.weight']!;
  const taps = p['conv1d.weight']!.length / (channels + 4 * ngroups * states);
  return {
    ...mixing,
    length,
    d_model,
    u: probes['x']!,
    convInput: part(channels).map((value, i) => (real?.[Math.floor(i / channels)] === false ? 0 : value)),
    real,
    z,
    y,
    out: z.map((value, i) => silu(value) * normScale[Math.floor(i / channels)]! * weight[i % channels]!),
    // The diagonal of the matrix holds what D adds.
    D: new Float64Array(channels),
    convolution: {
      weight: p['conv1d.weight']!,
      bias: p['conv1d.bias'],
      taps,
      before: Math.floor(taps / 2),
    },
    W_x: rows(p['in_proj.weight']!, d_model, channels, 2 * channels),
    W_out: Float64Array.from(p['out_proj.weight']!),
    normScale,
  };
}
