/** @file Attention and its gradient in float64, one query after the other. */
import { HIDDEN } from '../hidden';
import type { Value } from '../types';
import type { AttentionAttributes } from './attention';

/** One query's view: where its rows begin, and the weights of all keys. */
interface Query {
  /** Rows of q and y. */
  readonly row: number;
  /** Row of the first key in k and v. */
  readonly keys: number;
  readonly weights: Float64Array;
  /** Keys that it may look at. Where there is none it reads the mean of some. */
  readonly seen: Uint8Array;
}

/** Calls `visit` for every query with its weights. */
function queries(
  [q, k, , real]: readonly Value[],
  { causal, window = Infinity }: AttentionAttributes,
  visit: (query: Query) => void,
): void {
  const [batch, heads, time, width] = q!.shape as [number, number, number, number];
  const shared = k!.shape[1]!;
  const weights = new Float64Array(time);
  const seen = new Uint8Array(time);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const keys = (b * shared + Math.floor((h * shared) / heads)) * time;
      for (let t = 0; t < time; t++) {
        const row = (b * heads + h) * time + t;
        let top = -Infinity;
        for (let s = 0; s < time; s++) {
          const near = Math.abs(t - s) < window && (!causal || s <= t);
          seen[s] = Number(near && !(real && real.data[b * time + s]! < 0.5));
          let score = seen[s] ? 0 : HIDDEN;
          for (let i = 0; i < width; i++)
            score += q!.data[row * width + i]! * k!.data[(keys + s) * width + i]!;
          weights[s] = score;
          top = Math.max(top, score);
        }
        let total = 0;
        for (let s = 0; s < time; s++) total += weights[s] = Math.exp(weights[s]! - top);
        for (let s = 0; s < time; s++) weights[s]! /= total;
        visit({ row, keys, weights, seen });
      }
    }
  }
}

export function evaluateAttention(inputs: readonly Value[], attributes: AttentionAttributes): Value[] {
  const [q, , v] = inputs as [Value, Value, Value];
  const width = v.shape[3]!;
  const shape = [...q.shape.slice(0, 3), width];
  const data = new Float64Array(shape.reduce((a, b) => a * b, 1));
  queries(inputs, attributes, ({ row, keys, weights }) => {
    for (const [s, weight] of weights.entries()) {
      for (let i = 0; i < width; i++) data[row * width + i]! += weight * v.data[(keys + s) * width + i]!;
    }
  });
  return [{ shape, data }];
}

/** Inputs: y, q, k, v, the real tokens if there are padded ones, dy. */
export function evaluateAttentionGradient(
  [, ...inputs]: readonly Value[],
  attributes: AttentionAttributes,
): Value[] {
  const [q, k, v] = inputs as [Value, Value, Value];
  const dy = inputs.at(-1)!;
  const [width, values] = [q.shape[3]!, v.shape[3]!];
  const [dq, dk, dv] = [q, k, v].map(({ data }) => new Float64Array(data.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const operands = attributes.hasReal ? inputs.slice(0, 4) : [q, k, v];
  queries(operands, attributes, ({ row, keys, weights, seen }) => {
    const dWeights = weights.map((_, s) => {
      let sum = 0;
      for (let i = 0; i < values; i++) sum += dy.data[row * values + i]! * v.data[(keys + s) * values + i]!;
      return sum;
    });
    const mean = weights.reduce((sum, weight, s) => sum + weight * dWeights[s]!, 0);
    for (const [s, weight] of weights.entries()) {
      const score = seen[s] ? weight * (dWeights[s]! - mean) : 0;
      for (let i = 0; i < width; i++) {
        dq[row * width + i]! += score * k.data[(keys + s) * width + i]!;
        dk[(keys + s) * width + i]! += score * q.data[row * width + i]!;
      }
      for (let i = 0; i < values; i++) dv[(keys + s) * values + i]! += weight * dy.data[row * values + i]!;
    }
  });
  return [
    { shape: q.shape, data: dq },
    { shape: k.shape, data: dk },
    { shape: v.shape, data: dv },
  ];
}
