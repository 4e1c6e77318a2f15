/** @file Hidden attention of a layer, exact or in tiles, and of the whole block around it. */
import { decayMask, rowEntropy, scoresOf, type Maps } from '../../analysis/hidden-attention';
import { blockNorm } from '../../analysis/implicit-attention';
import type { Decaying } from '../../analysis/scan';
import { attentionTiles, largestPerTile, tileEdges } from '../../analysis/tiles';
import { decayOf } from '../decay';
import { hasImplicit, implicitCount, implicitParts } from '../implicit';
import { mixingOf, scanOf, type Mixing } from '../mixing';
import { contributions, meanAbsolute, residual, strongest } from '../reductions';
import {
  affordable,
  array,
  every,
  join,
  tokensOf,
  type Analysis,
  type AnalysisOptions,
  type Probe,
  type Trace,
} from '../spec';

/** Longest sequence whose L × L reductions over channels are formed. */
export const EXACT = 1024;
const TILES = 128;

export function chosen(count: number, axis: string, { channels }: AnalysisOptions): number[] {
  const wrong = channels?.find((index) => index >= count);
  if (wrong !== undefined) throw new RangeError(`There is no ${axis} ${wrong}; there are 0 … ${count - 1}.`);
  return channels ? [...channels] : every(count);
}

function matrices(mixing: Mixing, length: number, options: AnalysisOptions): Probe {
  const picked = chosen(mixing.count, mixing.axis, options);
  const shape = [picked.length, length, length];
  affordable('hidden_attention', shape, `choose some with --channel, or ask for hidden_attention_tiles.`);
  return array(
    shape,
    [mixing.axis, 'query', 'key'],
    join(picked.map((index) => mixing.matrix(index))),
    'Token-mixing matrix: hidden attention @ x is the output without D; entries are signed, rows do not sum to one.',
    { sign: mixing.kind === 'attention' ? 'positive' : 'signed', labels: { [mixing.axis]: picked } },
  );
}

export const hiddenAttentionGroup: Analysis = {
  description: 'The matrix that the layer’s scan implements, per channel or head, and reductions of it.',
  parts: [
    'hidden_attention',
    'hidden_attention_mean',
    'hidden_attention_strongest',
    'row_entropy',
    'contribution',
    'reconstruction_error',
  ],
  applies: (trace) => mixingOf(trace) !== undefined,
  compute(trace, wanted, options) {
    const mixing = mixingOf(trace)!;
    const { length } = trace;
    const square = ['query', 'key'];
    const out: Record<string, Probe> = {};
    if (wanted.has('hidden_attention')) out['hidden_attention'] = matrices(mixing, length, options);
    if (wanted.size === 1 && wanted.has('hidden_attention')) return out;
    if (length > EXACT) {
      throw new RangeError(
        `Means over ${mixing.count} matrices of ${length} × ${length} are not formed beyond ${EXACT} tokens; ask for hidden_attention_tiles.`,
      );
    }
    if (wanted.has('hidden_attention_mean'))
      out['hidden_attention_mean'] = array(
        [length, length],
        square,
        meanAbsolute(mixing, length),
        `Mean over ${mixing.count} ${mixing.axis}s of |hidden attention|.`,
      );
    if (wanted.has('hidden_attention_strongest')) {
      const channels = options.channels ?? strongest(mixing, tokensOf(trace)).slice(0, 4);
      out['hidden_attention_strongest'] = matrices(mixing, length, { ...options, channels });
    }
    if (wanted.has('row_entropy')) {
      const picked = chosen(mixing.count, mixing.axis, options);
      out['row_entropy'] = array(
        [picked.length, length],
        [mixing.axis, 'query'],
        join(picked.map((index) => rowEntropy(mixing.matrix(index), length, length))),
        'Entropy of |row|, normalised to sum one.',
        { unit: 'nats', labels: { [mixing.axis]: picked } },
      );
    }
    if (wanted.has('contribution'))
      out['contribution'] = array(
        [length, length],
        square,
        contributions(mixing, length),
        mixing.u
          ? 'Norm over channels of what the key adds to the output at the query, with D, input and gate.'
          : 'Mean weight over heads.',
      );
    if (wanted.has('reconstruction_error') && mixing.u)
      out['reconstruction_error'] = array(
        [],
        [],
        [residual(mixing, length, tokensOf(trace))],
        'Largest difference between matrix × input + D · x and the layer’s output, over the largest output.',
      );
    return out;
  },
};

export const tilesGroup: Analysis = {
  description:
    'Hidden attention of a long sequence in tiles: exact means and root mean squares, linear in the length.',
  parts: ['hidden_attention_tiles', 'tile_mean', 'tile_largest', 'tile_edges'],
  applies: (trace) => scanOf(trace) !== undefined,
  compute(trace, wanted, options) {
    const scan = scanOf(trace)!;
    const tiles = Math.min(options.tiles ?? TILES, trace.length);
    const axis = mixingOf(trace)!.axis;
    const out: Record<string, Probe> = {};
    const picked = chosen(scan.channels, axis, options);
    if (wanted.has('hidden_attention_tiles') || wanted.has('tile_mean')) {
      const found = attentionTiles(scan, tiles, picked);
      out['hidden_attention_tiles'] = array(
        [tiles, tiles],
        ['query tile', 'key tile'],
        found.layerRms,
        `Root mean square of hidden attention per tile, over ${picked.length} ${axis}s; exact.`,
      );
      if (wanted.has('tile_mean'))
        out['tile_mean'] = array(
          [picked.length, tiles, tiles],
          [axis, 'query tile', 'key tile'],
          found.mean,
          'Mean of hidden attention per tile; exact.',
          { sign: 'signed', labels: { [axis]: picked } },
        );
    }
    if (wanted.has('tile_largest') && (options.channels || wanted.size === 1)) {
      const some = options.channels ? picked : strongest(mixingOf(trace)!, tokensOf(trace)).slice(0, 1);
      out['tile_largest'] = array(
        [some.length, tiles, tiles],
        [axis, 'query tile', 'key tile'],
        join(some.map((channel) => largestPerTile(scan, channel, tiles))),
        'Entry of largest size per tile.',
        { sign: 'signed', labels: { [axis]: some } },
      );
    }
    if (wanted.has('tile_edges'))
      out['tile_edges'] = array(
        [tiles + 1],
        ['edge'],
        tileEdges(trace.length, tiles),
        'Tile k covers positions edges[k] … edges[k+1] − 1.',
      );
    return out;
  },
};

export const implicitGroup: Analysis = {
  description:
    'The block as one matrix per channel: convolution, scan, skip, gate and norm, all held at their values.',
  parts: ['block_norm', 'implicit_attention', 'implicit_bias', 'decay_mask', 'score'],
  applies: hasImplicit,
  compute(trace, wanted, options) {
    const { length } = trace;
    const square = ['query', 'key'];
    const out: Record<string, Probe> = {};
    if (['block_norm', 'implicit_attention', 'implicit_bias'].some((name) => wanted.has(name))) {
      affordable('implicit_attention', [implicitCount(trace), length, length], 'choose a shorter example.');
      const { matrices, channels, bias, W_x, W_out } = implicitParts(trace);
      out['block_norm'] = array(
        [length, length],
        square,
        blockNorm(matrices, length, W_out, W_x, trace.d_model),
        'Frobenius norm of the map from a token of the block’s input to a token of its output.',
      );
      const axis = matrices.length === channels ? 'channel' : 'head';
      const picked = chosen(matrices.length, axis, options);
      out['implicit_attention'] = array(
        [picked.length, length, length],
        [axis, ...square],
        join(picked.map((index) => matrices[index]!)),
        'The whole block per channel, acting on what it mixes: the convolution’s input, or the values.',
        { sign: 'signed', labels: { [axis]: picked } },
      );
      if (bias)
        out['implicit_bias'] = array(
          [length, channels],
          ['time', 'channel'],
          bias,
          'What the convolution’s bias and a learned first state add; it belongs to no token.',
          { sign: 'signed' },
        );
    }
    Object.assign(out, factors(trace, wanted, options));
    return out;
  },
};

/** Score and decay of the heads that have one decay for all their states: their product is the matrix. */
function factors(trace: Trace, wanted: ReadonlySet<string>, options: AnalysisOptions): Record<string, Probe> {
  const { length } = trace;
  const decay = decayOf(trace);
  const mixing = mixingOf(trace)!;
  if (decay?.axis !== 'head' || !mixing.causal) return {};
  const [scan] = decay.scans as [Decaying];
  const picked = chosen(scan.channels, 'head', options);
  const shape = [picked.length, length, length];
  const axes = ['head', 'query', 'key'];
  const labels = { head: picked };
  const out: Record<string, Probe> = {};
  if (wanted.has('decay_mask')) {
    affordable('decay_mask', shape, 'choose some with --channel.');
    out['decay_mask'] = array(
      shape,
      axes,
      join(picked.map((head) => decayMask(scan, head))),
      'exp(Σ Δ A): what a head has not forgotten of a key when it comes to the query.',
      { labels },
    );
  }
  const maps = mapsOf(trace, scan.channels);
  if (wanted.has('score') && maps) {
    affordable('score', shape, 'choose some with --channel.');
    out['score'] = array(
      shape,
      axes,
      join(picked.map((head) => scoresOf(maps, head))),
      'C · B of query and key, after the rotation where there is one: times the decay and the step it is the matrix.',
      { sign: 'signed', labels },
    );
  }
  return out;
}

/** B and C of every head, in groups of heads or rotated per head. */
function mapsOf({ seen, probes, length }: Trace, heads: number): Maps | undefined {
  const B = seen['B'] ?? seen['B_rotated'];
  const C = seen['C'] ?? seen['C_rotated'];
  if (!B || !C) return undefined;
  const states = (probes['B'] ?? probes['B_rotated'])!.shape.at(-1)!;
  return { length, channels: heads, groups: B.length / length / states, states, B, C };
}
