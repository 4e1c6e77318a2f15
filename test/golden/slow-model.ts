/** @file Language models, the selective scan and SSD as plain float64 loops, and gradients by central differences. */
import { slowAttention, slowMamba, slowMamba2, slowMlp, type SlowAttention, type SlowMamba2, type Values } from '../layers/slow';

/** One residual layer: where its norm and mixer lie among the parameters, and which loops compute it. */
export type SlowLayer = { readonly norm: string; readonly mixer: string } & (
  | { readonly kind: 'mamba'; readonly options: { d_inner: number; d_state: number; dt_rank: number } }
  | { readonly kind: 'mamba2'; readonly options: SlowMamba2 }
  | { readonly kind: 'attention'; readonly options: SlowAttention }
  | { readonly kind: 'mlp'; readonly options: { activation: string; d_hidden: number } }
);

function mix(layer: SlowLayer, x: Float64Array, shape: readonly [number, number, number], p: Values): Float64Array {
  if (layer.kind === 'mamba') return slowMamba(x, shape, p, layer.options);
  if (layer.kind === 'mamba2') return slowMamba2(x, shape, p, layer.options);
  if (layer.kind === 'attention') return slowAttention(x, shape, p, layer.options);
  return slowMlp(x, shape, p, layer.options);
}

function rmsNorm(x: Float64Array, weight: Float64Array): Float64Array {
  const width = weight.length;
  return x.map((value, i) => {
    const row = Math.floor(i / width) * width;
    let square = 0;
    for (let c = 0; c < width; c++) square += x[row + c]! ** 2;
    return (value / Math.sqrt(square / width + 1e-5)) * weight[i % width]!;
  });
}

/** Logits (batch, time, rows), row-major. */
export function slowLogits(ids: ArrayLike<number>, batch: number, p: Values, layers: readonly SlowLayer[]): Float64Array {
  const width = p['backbone.norm_f.weight']!.length;
  const length = ids.length / batch;
  const table = p['backbone.embedding.weight']!;
  let h: Float64Array = Float64Array.from({ length: ids.length * width }, (_, i) => table[ids[Math.floor(i / width)]! * width + (i % width)]!);
  for (const layer of layers) {
    const own = Object.fromEntries(
      Object.entries(p).filter(([name]) => name.startsWith(layer.mixer)).map(([name, value]) => [name.slice(layer.mixer.length), value]),
    );
    const mixed = mix(layer, rmsNorm(h, p[`${layer.norm}weight`]!), [batch, length, width], own);
    h = h.map((value, i) => value + mixed[i]!);
  }
  const last = rmsNorm(h, p['backbone.norm_f.weight']!);
  const head = p['lm_head.weight'] ?? table;
  const rows = head.length / width;
  return Float64Array.from({ length: ids.length * rows }, (_, i) => {
    const at = Math.floor(i / rows);
    let sum = 0;
    for (let c = 0; c < width; c++) sum += last[at * width + c]! * head[(i % rows) * width + c]!;
    return sum;
  });
}

/** Mean of -log p(next token) over positions 0 … time - 2. */
export function slowLoss(ids: ArrayLike<number>, batch: number, p: Values, layers: readonly SlowLayer[]): number {
  const logits = slowLogits(ids, batch, p, layers);
  const rows = logits.length / ids.length;
  const length = ids.length / batch;
  let sum = 0;
  for (let i = 0; i < ids.length; i++) {
    if (i % length === length - 1) continue;
    const row = logits.subarray(i * rows, (i + 1) * rows);
    sum += Math.log(row.reduce((total, value) => total + Math.exp(value), 0)) - row[ids[i + 1]!]!;
  }
  return sum / (batch * (length - 1));
}

/** Central differences of a scalar function in every entry of every array. */
export function differences(point: Values, value: (point: Values) => number, names = Object.keys(point)): Record<string, Float64Array> {
  const step = 1e-5;
  const gradients: Record<string, Float64Array> = {};
  for (const name of names) {
    const moved = Float64Array.from(point[name]!);
    const changed = { ...point, [name]: moved };
    gradients[name] = Float64Array.from(moved, (at, i) => {
      moved[i] = at + step;
      const above = value(changed);
      moved[i] = at - step;
      const below = value(changed);
      moved[i] = at;
      return (above - below) / (2 * step);
    });
  }
  return gradients;
}

export interface ScanSizes {
  readonly batch: number;
  readonly channels: number;
  readonly length: number;
  readonly state: number;
  readonly groups: number;
  readonly softplus: boolean;
}

/** y (batch, channel, time) of `mamba.selective_scan`; B and C are fixed when they have channels · state entries. */
export function slowScan(p: Values, s: ScanSizes, fixed: { B: boolean; C: boolean }): { y: Float64Array; last: Float64Array } {
  const { batch, channels, length, state, groups } = s;
  const y = new Float64Array(batch * channels * length);
  const last = new Float64Array(batch * channels * state);
  const map = (name: 'B' | 'C', b: number, c: number, n: number, t: number): number => {
    if (fixed[name]) return p[name]![c * state + n]!;
    const group = Math.floor(c / (channels / groups));
    return p[name]![((b * groups + group) * state + n) * length + t]!;
  };
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      for (let t = 0; t < length; t++) {
        const at = (b * channels + c) * length + t;
        const u = p['u']![at]!;
        let delta = p['delta']![at]! + (p['delta_bias']?.[c] ?? 0);
        if (s.softplus) delta = Math.log1p(Math.exp(delta));
        let sum = (p['D']?.[c] ?? 0) * u;
        for (let n = 0; n < state; n++) {
          const h = (b * channels + c) * state + n;
          last[h] = Math.exp(delta * p['A']![c * state + n]!) * last[h]! + delta * map('B', b, c, n, t) * u;
          sum += map('C', b, c, n, t) * last[h]!;
        }
        const z = p['z']?.[at];
        y[at] = z === undefined ? sum : (sum * z) / (1 + Math.exp(-z));
      }
    }
  }
  return { y, last };
}

export interface SsdSizes {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly headdim: number;
  readonly state: number;
}

/** Y (batch, time, head, headdim) and the final state (batch, head, headdim, state) of `mamba2.ssd`. */
export function slowSsd(p: Values, s: SsdSizes): { Y: Float64Array; final: Float64Array } {
  const { batch, length, heads, headdim, state } = s;
  const Y = new Float64Array(batch * length * heads * headdim);
  const final = p['initial_states']
    ? Float64Array.from(p['initial_states'])
    : new Float64Array(batch * heads * headdim * state);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < length; t++) {
      for (let h = 0; h < heads; h++) {
        const at = (b * length + t) * heads + h;
        for (let i = 0; i < headdim; i++) {
          for (let n = 0; n < state; n++) {
            const cell = ((b * heads + h) * headdim + i) * state + n;
            final[cell] = Math.exp(p['A']![at]!) * final[cell]! + p['X']![at * headdim + i]! * p['B']![at * state + n]!;
            Y[at * headdim + i]! += p['C']![at * state + n]! * final[cell]!;
          }
        }
      }
    }
  }
  return { Y, final };
}
