/**
 * @file Exact sums and sums of squares of hidden attention over tiles, in time linear in the length: the matrix is
 * semiseparable, so an off-diagonal tile factorises through the boundaries of its two stretches of time,
 * sum = Σₙ θ[n] m[n] κ[n] and sum of squares = Σ θθᵀ ∘ mmᵀ ∘ κκᵀ. All exponents are ≤ 0; sums restart in every tile.
 */
import { hiddenAttentionRow } from './hidden-attention';
import { decays, mapsAt, type Scan } from './scan';

export interface Tiles {
  /** Tile k covers times edges[k] … edges[k+1] − 1. */
  readonly edges: Int32Array;
  /** Pairs with key ≤ query per (query tile, key tile). */
  readonly count: Int32Array;
  /** (channel, query tile, key tile); 0 where there is no pair. */
  readonly mean: Float64Array;
  readonly rms: Float64Array;
  /** Root of the mean over channels of rms² (query tile, key tile). */
  readonly layerRms: Float64Array;
}

export const tileEdges = (length: number, tiles: number): Int32Array =>
  Int32Array.from({ length: tiles + 1 }, (_, k) => Math.floor((length * k) / tiles));

/** Causal pairs per tile (query tile, key tile). */
export function tileCounts(edges: Int32Array): Int32Array {
  const tiles = edges.length - 1;
  return Int32Array.from({ length: tiles * tiles }, (_, at) => {
    const [I, J] = [Math.floor(at / tiles), at % tiles];
    const rows = edges[I + 1]! - edges[I]!;
    const columns = edges[J + 1]! - edges[J]!;
    return J < I ? rows * columns : J > I ? 0 : (rows * (rows + 1)) / 2;
  });
}

/**
 * @param tiles number of tiles along each axis; it need not divide the length
 * @param channels those that are looked at, all unless given
 */
export function attentionTiles(scan: Scan, tiles: number, channels?: readonly number[]): Tiles {
  const chosen = channels ?? Array.from({ length: scan.channels }, (_, channel) => channel);
  const edges = tileEdges(scan.length, tiles);
  const count = tileCounts(edges);
  const size = tiles * tiles;
  const mean = new Float64Array(chosen.length * size);
  const rms = new Float64Array(chosen.length * size);
  const layerRms = new Float64Array(size);
  chosen.forEach((channel, c) => {
    const { sum, squares } = channelTiles(scan, channel, edges);
    for (let at = 0; at < size; at++) {
      if (count[at] === 0) continue;
      mean[c * size + at] = sum[at]! / count[at]!;
      const square = Math.max(0, squares[at]!) / count[at]!;
      rms[c * size + at] = Math.sqrt(square);
      layerRms[at]! += square / chosen.length;
    }
  });
  return { edges, count, mean, rms, layerRms: layerRms.map(Math.sqrt) };
}

interface Moments {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

function channelTiles(
  scan: Scan,
  channel: number,
  edges: Int32Array,
): { sum: Float64Array; squares: Float64Array } {
  const N = scan.states;
  const tiles = edges.length - 1;
  const keep = decays(scan, channel);
  const read: Moments[] = [];
  const written: Moments[] = [];
  const whole: Float64Array[] = [];
  for (let k = 0; k < tiles; k++) {
    const [from, to] = [edges[k]!, edges[k + 1]!];
    read.push(readMoments(scan, channel, keep, from, to));
    written.push(writeMoments(scan, channel, keep, from, to));
    const all = new Float64Array(N).fill(1);
    for (let t = from; t < to; t++) for (let n = 0; n < N; n++) all[n]! *= keep[t * N + n]!;
    whole.push(all);
  }
  const sum = new Float64Array(tiles * tiles);
  const squares = new Float64Array(tiles * tiles);
  for (let I = 0; I < tiles; I++) {
    const between = new Float64Array(N).fill(1);
    for (let J = I - 1; J >= 0; J--) {
      let a = 0;
      let b = 0;
      const [theta, kappa] = [read[I]!, written[J]!];
      for (let n = 0; n < N; n++) {
        a += theta.first[n]! * between[n]! * kappa.first[n]!;
        for (let m = 0; m < N; m++)
          b += theta.second[n * N + m]! * between[n]! * between[m]! * kappa.second[n * N + m]!;
      }
      sum[I * tiles + J] = a;
      squares[I * tiles + J] = b;
      for (let n = 0; n < N; n++) between[n]! *= whole[J]![n]!;
    }
    for (let i = edges[I]!; i < edges[I + 1]!; i++) {
      const entries = ownTile(scan, channel, keep, i, edges[I]!);
      for (const entry of entries) {
        sum[I * tiles + I]! += entry;
        squares[I * tiles + I]! += entry * entry;
      }
    }
  }
  return { sum, squares };
}

/** θ[n] = Σᵢ Cᵢ[n] exp(A Σ_{k=from..i} Δₖ) and its second moments. */
function readMoments(scan: Scan, channel: number, keep: Float64Array, from: number, to: number): Moments {
  const N = scan.states;
  const left = new Float64Array(N).fill(1);
  return gather(N, to - from, (k, vector) => {
    const t = from + k;
    const at = mapsAt(scan, t, channel);
    for (let n = 0; n < N; n++) {
      left[n]! *= keep[t * N + n]!;
      vector[n] = scan.C[at + n]! * left[n]!;
    }
  });
}

/** κ[n] = Σⱼ exp(A Σ_{k=j+1..end} Δₖ) Δⱼ Bⱼ[n] and its second moments. */
function writeMoments(scan: Scan, channel: number, keep: Float64Array, from: number, to: number): Moments {
  const N = scan.states;
  const left = new Float64Array(N).fill(1);
  return gather(N, to - from, (k, vector) => {
    const t = to - 1 - k;
    const at = mapsAt(scan, t, channel);
    const step = scan.delta[t * scan.channels + channel]!;
    for (let n = 0; n < N; n++) {
      vector[n] = left[n]! * step * scan.B[at + n]!;
      left[n]! *= keep[t * N + n]!;
    }
  });
}

function gather(N: number, count: number, fill: (k: number, vector: Float64Array) => void): Moments {
  const first = new Float64Array(N);
  const second = new Float64Array(N * N);
  const vector = new Float64Array(N);
  for (let k = 0; k < count; k++) {
    fill(k, vector);
    for (let n = 0; n < N; n++) {
      first[n]! += vector[n]!;
      for (let m = 0; m < N; m++) second[n * N + m]! += vector[n]! * vector[m]!;
    }
  }
  return { first, second };
}

/** Entries (i, from … i) of the matrix. */
function ownTile(scan: Scan, channel: number, keep: Float64Array, i: number, from: number): number[] {
  const N = scan.states;
  const at = mapsAt(scan, i, channel);
  const g = Float64Array.from({ length: N }, (_, n) => scan.C[at + n]!);
  const out: number[] = [];
  for (let j = i; j >= from; j--) {
    const maps = mapsAt(scan, j, channel);
    let sum = 0;
    for (let n = 0; n < N; n++) {
      sum += g[n]! * scan.B[maps + n]!;
      g[n]! *= keep[j * N + n]!;
    }
    out.push(scan.delta[j * scan.channels + channel]! * sum);
  }
  return out;
}

/** The entry of largest size in every tile of one channel, with its sign: what a picture of few pixels shows. */
export function largestPerTile(scan: Scan, channel: number, tiles: number): Float64Array {
  const edges = tileEdges(scan.length, tiles);
  const out = new Float64Array(tiles * tiles);
  for (let I = 0; I < tiles; I++) {
    for (let i = edges[I]!; i < edges[I + 1]!; i++) {
      const row = hiddenAttentionRow(scan, channel, i);
      for (let J = 0; J <= I; J++)
        for (let j = edges[J]!; j < Math.min(i + 1, edges[J + 1]!); j++)
          if (Math.abs(row[j]!) > Math.abs(out[I * tiles + J]!)) out[I * tiles + J] = row[j]!;
    }
  }
  return out;
}
