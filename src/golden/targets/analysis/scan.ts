/** @file Analyses of a selective scan's own tensors: tiles, memory, several routes of an image. */
import { distanceProfile, routeAttention } from '../../../analysis/hidden-attention-2d';
import {
  contributionNorm,
  decayRate,
  halfLife,
  lastRadii,
  meanDistances,
  resetFraction,
  retention,
  stateNorm,
  totalLogDecaySlowest,
} from '../../../analysis/memory';
import { routeOrder } from '../../../analysis/routes/named';
import { apply } from '../../../analysis/hidden-attention';
import type { Scan } from '../../../analysis/scan';
import { attentionTiles } from '../../../analysis/tiles';
import type { GoldenCase } from '../../case';
import { MalformedCase } from '../../errors';
import type { Results } from '../../machine';
import { isText, Options } from '../../options';
import { Gathered, sequence, swapped, values } from './parts';

export async function attentionTilesTarget(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('channels', 'length', 'state');
  const tiles = options.size('tiles');
  options.finish();
  const [channels, length] = goldenCase.shape('input.delta', 2) as [number, number];
  const states = goldenCase.shape('input.A', 2)[1]!;
  const scan: Scan = {
    length,
    channels,
    states,
    groups: 1,
    delta: swapped(values(goldenCase, 'input.delta'), channels, length),
    A: values(goldenCase, 'input.A'),
    B: swapped(values(goldenCase, 'input.B'), states, length),
    C: swapped(values(goldenCase, 'input.C'), states, length),
  };
  const { edges, count, mean, rms, layerRms } = attentionTiles(scan, tiles);
  return {
    'output.edges': { shape: [tiles + 1], values: edges },
    'output.count': { shape: [tiles, tiles], values: count },
    'output.tile_mean': { shape: [channels, tiles, tiles], values: mean },
    'output.tile_rms': { shape: [channels, tiles, tiles], values: rms },
    'output.layer_rms': { shape: [tiles, tiles], values: layerRms },
  };
}

export async function memoryTarget(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'channels', 'length', 'state');
  const threshold = options.number('reset_threshold') ?? 0.1;
  const mass = options.number('mass') ?? 0.9;
  options.finish();
  const [batch, channels, length] = goldenCase.shape('input.u', 3) as [number, number, number];
  const states = goldenCase.shape('input.A', 2)[1]!;
  const A = values(goldenCase, 'input.A');
  const one = (name: string, b: number, rows: number): Float64Array =>
    swapped(sequence(goldenCase.tensor(name), b), rows, length);
  const gathered = new Gathered();
  for (let b = 0; b < batch; b++) {
    const scan: Scan = {
      length,
      channels,
      states,
      groups: 1,
      delta: one('input.delta', b, channels),
      A,
      B: one('input.B', b, states),
      C: one('input.C', b, states),
    };
    const u = one('input.u', b, channels);
    const rate = decayRate(scan);
    const kept = retention(scan);
    const distances = meanDistances(scan);
    gathered.add('decay_rate', [channels, states], rate);
    gathered.add('half_life', [channels, states], halfLife(rate));
    gathered.add('total_log_decay_slowest', [channels], totalLogDecaySlowest(scan));
    gathered.add('retention', [channels, length], kept);
    gathered.add('reset_fraction', [length], resetFraction(kept, length, threshold));
    gathered.add('state_norm', [channels, length], stateNorm(scan, u));
    gathered.add('contribution_norm', [length, length], contributionNorm(scan, u));
    gathered.add('mean_distance', [channels, length], distances);
    const last = Float64Array.from({ length: channels }, (_, c) => distances[c * length + length - 1]!);
    gathered.add('mean_distance_last', [channels], last);
    gathered.add('mean_distance_layer', [], [distances.reduce((sum, d) => sum + d, 0) / distances.length]);
    gathered.add('radius90_last', [channels], lastRadii(scan, mass));
  }
  return gathered.results();
}

export async function hiddenAttention2dTarget(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('channels', 'state', 'batch');
  const rows = options.size('rows');
  const columns = options.size('columns');
  const names = options.list('routes', isText) ?? [];
  options.finish();
  const tokens = rows * columns;
  const [batch, channels] = goldenCase.shape('input.x', 4) as [number, number];
  const states = goldenCase.shape('input.A', 3)[2]!;
  const orders = names.map((name) => {
    const order = routeOrder(name, rows, columns);
    if (!order) throw new MalformedCase(`there is no route ${name}`);
    return order;
  });
  const A = values(goldenCase, 'input.A');
  const D = values(goldenCase, 'input.D');
  const gathered = new Gathered();
  for (let b = 0; b < batch; b++) {
    const x = sequence(goldenCase.tensor('input.x'), b);
    const [delta, B, C] = ['delta', 'B', 'C'].map((name) => sequence(goldenCase.tensor(`input.${name}`), b));
    const perRoute = new Float64Array(names.length * channels * tokens * tokens);
    const merged = new Float64Array(channels * tokens * tokens);
    const square = tokens * tokens;
    orders.forEach((order, k) => {
      const length = order.length;
      const part = (all: Float64Array, height: number): Float64Array =>
        swapped(all.subarray(k * height * length, (k + 1) * height * length), height, length);
      const scan: Scan = {
        length,
        channels,
        states,
        groups: 1,
        delta: part(delta!, channels),
        A: A.subarray(k * channels * states, (k + 1) * channels * states),
        B: part(B!, states),
        C: part(C!, states),
      };
      for (let c = 0; c < channels; c++) {
        const matrix = routeAttention(scan, c, order, tokens, D[k * channels + c]!);
        perRoute.set(matrix, (k * channels + c) * square);
        for (let i = 0; i < square; i++) merged[c * square + i]! += matrix[i]!;
      }
    });
    const y = new Float64Array(channels * tokens);
    const mean = new Float64Array(square);
    for (let c = 0; c < channels; c++) {
      const matrix = merged.subarray(c * square, (c + 1) * square);
      y.set(apply(matrix, x.subarray(c * tokens, (c + 1) * tokens), tokens, tokens, 1), c * tokens);
      matrix.forEach((value, i) => (mean[i]! += Math.abs(value) / channels));
    }
    const centre = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
    gathered.add('y', [channels, rows, columns], y);
    gathered.add('attention_per_route', [names.length, channels, tokens, tokens], perRoute);
    gathered.add('attention', [channels, tokens, tokens], merged);
    gathered.add('mean_abs_attention', [tokens, tokens], mean);
    gathered.add('center_query_map', [rows, columns], mean.subarray(centre * tokens, (centre + 1) * tokens));
    gathered.add('distance_profile', [rows + columns - 1], distanceProfile(mean, rows, columns));
  }
  return {
    ...gathered.results(),
    'output.order': { shape: [names.length, tokens], values: orders.flatMap((order) => [...order]) },
  };
}
