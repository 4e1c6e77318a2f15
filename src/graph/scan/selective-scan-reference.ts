/** @file The selective scan and its gradient in float64, one step after the other. */
import type { Value } from '../types';
import type { ScanAttributes, ScanGradientAttributes } from './selective-scan';

/** How to find B[t, b, e, n] and C[t, b, e, n] in each of their layouts. */
function indexer(
  map: Value,
  E: number,
  batch: number,
): (t: number, b: number, e: number, n: number) => number {
  const N = map.shape[map.shape.length - 1]!;
  if (map.shape.length === 2) return (_t, _b, e, n) => e * N + n;
  const groups = map.shape.length === 4 ? map.shape[2]! : 1;
  return (t, b, e, n) => ((t * batch + b) * groups + Math.floor((e * groups) / E)) * N + n;
}

interface Run {
  readonly y: Float64Array;
  /** (L + 1, B, E, N): the state before the first step, then after each. */
  readonly states: Float64Array;
}

function run(inputs: readonly Value[], { hasD, hasInitial }: ScanAttributes): Run {
  const [u, delta, A, B, C] = inputs as [Value, Value, Value, Value, Value];
  const D = hasD ? inputs[5]! : undefined;
  const initial = hasInitial ? inputs[hasD ? 6 : 5]! : undefined;
  const [L, batch, E] = u.shape as [number, number, number];
  const N = A.shape[1]!;
  const [bAt, cAt] = [indexer(B, E, batch), indexer(C, E, batch)];
  const step = batch * E * N;
  const y = new Float64Array(L * batch * E);
  const states = new Float64Array((L + 1) * step);
  if (initial) states.set(initial.data);
  for (let t = 0; t < L; t++) {
    for (let b = 0; b < batch; b++) {
      for (let e = 0; e < E; e++) {
        const i = (t * batch + b) * E + e;
        let total = D ? D.data[e]! * u.data[i]! : 0;
        for (let n = 0; n < N; n++) {
          const at = (t + 1) * step + (b * E + e) * N + n;
          const decay = Math.exp(delta.data[i]! * A.data[e * N + n]!);
          states[at] = decay * states[at - step]! + delta.data[i]! * u.data[i]! * B.data[bAt(t, b, e, n)]!;
          total += states[at]! * C.data[cAt(t, b, e, n)]!;
        }
        y[i] = total;
      }
    }
  }
  return { y, states };
}

export function evaluateScan(inputs: readonly Value[], attributes: ScanAttributes): Value[] {
  const { y, states } = run(inputs, attributes);
  const [L, batch, E] = inputs[0]!.shape as [number, number, number];
  const N = inputs[2]!.shape[1]!;
  const step = batch * E * N;
  return [
    { shape: [L, batch, E], data: y },
    { shape: [batch, E, N], data: states.slice(L * step) },
    { shape: [L, batch, E, N], data: states.slice(step) },
  ];
}

export function evaluateScanGradient(
  [, ...rest]: readonly Value[],
  attributes: ScanGradientAttributes,
): Value[] {
  const { hasD, hasInitial, hasY, hasLast } = attributes;
  const count = 5 + Number(hasD) + Number(hasInitial);
  const inputs = rest.slice(0, count);
  const [u, delta, A, B, C] = inputs as [Value, Value, Value, Value, Value];
  const dy = hasY ? rest[count]! : undefined;
  const dLast = hasLast ? rest[count + Number(hasY)]! : undefined;
  const [L, batch, E] = u.shape as [number, number, number];
  const N = A.shape[1]!;
  const step = batch * E * N;
  const [bAt, cAt] = [indexer(B, E, batch), indexer(C, E, batch)];
  const { states } = run(inputs, attributes);
  const gradients = inputs.map(({ shape, data }) => ({ shape, data: new Float64Array(data.length) }));
  const [du, dDelta, dA, dB, dC] = gradients.map(({ data }) => data) as Float64Array[] as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const carry = dLast ? dLast.data.slice() : new Float64Array(step);
  for (let t = L - 1; t >= 0; t--) {
    for (let b = 0; b < batch; b++) {
      for (let e = 0; e < E; e++) {
        const i = (t * batch + b) * E + e;
        const out = dy ? dy.data[i]! : 0;
        if (hasD) {
          gradients[5]!.data[e]! += out * u.data[i]!;
          du[i]! += out * inputs[5]!.data[e]!;
        }
        for (let n = 0; n < N; n++) {
          const at = (b * E + e) * N + n;
          const before = states[t * step + at]!;
          const decay = Math.exp(delta.data[i]! * A.data[e * N + n]!);
          const write = B.data[bAt(t, b, e, n)]!;
          dC[cAt(t, b, e, n)]! += out * states[(t + 1) * step + at]!;
          const dh = carry[at]! + out * C.data[cAt(t, b, e, n)]!;
          dB[bAt(t, b, e, n)]! += dh * delta.data[i]! * u.data[i]!;
          dDelta[i]! += dh * (write * u.data[i]! + decay * before * A.data[e * N + n]!);
          du[i]! += dh * write * delta.data[i]!;
          dA[e * N + n]! += dh * decay * before * delta.data[i]!;
          carry[at] = dh * decay;
        }
      }
    }
  }
  if (hasInitial) gradients[count - 1]!.data.set(carry);
  return gradients;
}
