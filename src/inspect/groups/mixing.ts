/** @file Hidden attention of a layer, exact or in tiles, and of the whole block around it. */
import { implicitOf, normOf } from '../../analysis/blocks/types';
import { decayMask, rowEntropy } from '../../analysis/hidden-attention';
import { attentionTiles, largestPerTile, tileEdges } from '../../analysis/tiles';
import { blockOf, hasBlock, mixingOf, scanOf, type Mixing } from '../mixing';
import { contributions, meanAbsolute, residual, strongest } from '../reductions';
import { affordable, array, every, join, type Analysis, type AnalysisOptions, type Probe } from '../spec';
import type { HydraBlock } from '../../analysis/blocks/hydra';

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
      const channels = options.channels ?? strongest(mixing, length).slice(0, 4);
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
        [residual(mixing, length)],
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
      const some = options.channels ? picked : strongest(mixingOf(trace)!, trace.length).slice(0, 1);
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
  parts: ['block_norm', 'implicit_attention', 'implicit_bias', 'decay_mask'],
  applies: hasBlock,
  compute(trace, wanted, options) {
    const block = blockOf(trace)!;
    const { length, channels, scan } = block;
    const out: Record<string, Probe> = {};
    affordable('implicit_attention', [channels, length, length], 'choose a shorter example.');
    const ratio = scan.channels / channels;
    const own = 'matrixOf' in block ? (block as HydraBlock).matrixOf : undefined;
    const found = own ? implicitOf(block, (channel) => own(Math.floor(channel * ratio))) : implicitOf(block);
    if (wanted.has('block_norm'))
      out['block_norm'] = array(
        [length, length],
        ['query', 'key'],
        normOf(block, found.matrices),
        'Frobenius norm of the map from a token of the block’s input to a token of its output.',
      );
    if (wanted.has('implicit_attention')) {
      const picked = chosen(channels, 'channel', options);
      out['implicit_attention'] = array(
        [picked.length, length, length],
        ['channel', 'query', 'key'],
        join(picked.map((channel) => found.matrices[channel]!)),
        'The whole block per channel, acting on the convolution’s input.',
        { sign: 'signed', labels: { channel: picked } },
      );
    }
    if (wanted.has('implicit_bias'))
      out['implicit_bias'] = array(
        [length, channels],
        ['time', 'channel'],
        found.bias,
        'What the convolution’s bias adds; it belongs to no token.',
        { sign: 'signed' },
      );
    if (wanted.has('decay_mask') && scan.channels < channels) {
      const picked = chosen(scan.channels, 'head', options);
      out['decay_mask'] = array(
        [picked.length, length, length],
        ['head', 'query', 'key'],
        join(picked.map((head) => decayMask(scan, head))),
        'exp(A Σ Δ): what a head has not forgotten of a key when it comes to the query.',
        { labels: { head: picked } },
      );
    }
    return out;
  },
};
