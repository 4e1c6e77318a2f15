/** @file SSD and its gradient in float64, one step after the other. */
import type { Value } from '../types';
import type { SsdAttributes, SsdGradientAttributes } from './ssd';

interface Sizes {
  readonly batch: number;
  readonly L: number;
  readonly H: number;
  readonly P: number;
  readonly G: number;
  readonly N: number;
}

function sizes([X, , B]: readonly Value[]): Sizes {
  const [batch, L, H, P] = X!.shape as [number, number, number, number];
  return { batch, L, H, P, G: B!.shape[2]!, N: B!.shape[3]! };
}

/** States (L + 1, batch, H, P, N), the one before the first step included. */
function states(inputs: readonly Value[], { hasInitial }: SsdAttributes): Float64Array {
  const [X, A, B] = inputs as [Value, Value, Value];
  const { batch, L, H, P, G, N } = sizes(inputs);
  const step = batch * H * P * N;
  const all = new Float64Array((L + 1) * step);
  if (hasInitial) all.set(inputs[4]!.data);
  for (let t = 0; t < L; t++) {
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < H; h++) {
        const token = b * L + t;
        const decay = Math.exp(A.data[token * H + h]!);
        const map = (token * G + Math.floor((h * G) / H)) * N;
        for (let p = 0; p < P; p++) {
          const x = X.data[(token * H + h) * P + p]!;
          for (let n = 0; n < N; n++) {
            const at = t * step + ((b * H + h) * P + p) * N + n;
            all[at + step] = decay * all[at]! + x * B.data[map + n]!;
          }
        }
      }
    }
  }
  return all;
}

export function evaluateSsd(inputs: readonly Value[], attributes: SsdAttributes): Value[] {
  const { batch, L, H, P, G, N } = sizes(inputs);
  const C = inputs[3]!;
  const step = batch * H * P * N;
  const all = states(inputs, attributes);
  const Y = new Float64Array(batch * L * H * P);
  for (let i = 0; i < Y.length; i++) {
    const h = Math.floor(i / P) % H;
    const token = Math.floor(i / (P * H));
    const [b, t] = [Math.floor(token / L), token % L];
    const map = (token * G + Math.floor((h * G) / H)) * N;
    const state = (t + 1) * step + ((b * H + h) * P + (i % P)) * N;
    for (let n = 0; n < N; n++) Y[i]! += all[state + n]! * C.data[map + n]!;
  }
  return [
    { shape: [batch, L, H, P], data: Y },
    { shape: [batch, H, P, N], data: all.slice(L * step) },
  ];
}

export function evaluateSsdGradient(all: readonly Value[], attributes: SsdGradientAttributes): Value[] {
  const { hasInitial, hasY, hasFinal } = attributes;
  const count = 4 + Number(hasInitial);
  const inputs = all.slice(2, 2 + count);
  const [X, A, B, C] = inputs as [Value, Value, Value, Value];
  const dY = hasY ? all[2 + count]! : undefined;
  const dFinal = hasFinal ? all[2 + count + Number(hasY)]! : undefined;
  const { batch, L, H, P, G, N } = sizes(inputs);
  const step = batch * H * P * N;
  const kept = states(inputs, attributes);
  const gradients = inputs.map(({ shape, data }) => ({ shape, data: new Float64Array(data.length) }));
  const [dX, dA, dB, dC] = gradients.map(({ data }) => data) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const carry = dFinal ? dFinal.data.slice() : new Float64Array(step);
  for (let t = L - 1; t >= 0; t--) {
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < H; h++) {
        const token = b * L + t;
        const decay = Math.exp(A.data[token * H + h]!);
        const map = (token * G + Math.floor((h * G) / H)) * N;
        for (let p = 0; p < P; p++) {
          const x = (token * H + h) * P + p;
          const out = dY ? dY.data[x]! : 0;
          for (let n = 0; n < N; n++) {
            const at = ((b * H + h) * P + p) * N + n;
            dC[map + n]! += out * kept[(t + 1) * step + at]!;
            const dS = carry[at]! + out * C.data[map + n]!;
            dX[x]! += dS * B.data[map + n]!;
            dB[map + n]! += dS * X.data[x]!;
            dA[token * H + h]! += dS * decay * kept[t * step + at]!;
            carry[at] = dS * decay;
          }
        }
      }
    }
  }
  if (hasInitial) gradients[4]!.data.set(carry);
  return gradients;
}
