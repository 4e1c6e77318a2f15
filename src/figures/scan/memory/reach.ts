/** @file What a layer still holds at the playhead: contributions of earlier tokens, from the recurrence run backwards. */
import { mapsAt, type Scan } from '../../../analysis/scan';
import type { Recurrence } from '../recurrence';

/** The analyses' form of a layer's scan, with one matrix per head where heads share a decay. */
export function scanOf(scan: Recurrence): Scan | undefined {
  return scan.keep('scan', () => {
    const { length, heads, states, groups, inspection } = scan;
    const { delta, B, C } = inspection.probes;
    const A = inspection.probes['A'];
    if (!A || !delta || !B || !C) return undefined;
    const full =
      A.data.length === heads
        ? Float32Array.from({ length: heads * states }, (_, i) => A.data[Math.floor(i / states)]!)
        : A.data;
    return { length, channels: heads, states, groups, delta: delta.data, A: full, B: B.data, C: C.data };
  });
}

/**
 * Norm over channels of what every token adds to the output at t (token ≤ t), with skip, input and gate: entries that
 * can be compared in size. O(t · heads · states).
 */
export function contributions(scan: Recurrence, t: number): Float64Array {
  return scan.keep(`contribution ${t}`, () => {
    const own = scanOf(scan);
    const out = new Float64Array(t + 1);
    if (!own) return out;
    const { channels: heads, states, delta, A, B, C } = own;
    const width = scan.channels / heads;
    const D = scan.inspection.probes['D']?.data;
    const g = new Float64Array(states);
    for (let head = 0; head < heads; head++) {
      const from = mapsAt(own, t, head);
      for (let n = 0; n < states; n++) g[n] = C[from + n]!;
      for (let j = t; j >= 0; j--) {
        const at = mapsAt(own, j, head);
        const step = delta[j * heads + head]!;
        let match = 0;
        for (let n = 0; n < states; n++) {
          match += g[n]! * B[at + n]!;
          g[n]! *= Math.exp(step * A[head * states + n]!);
        }
        for (let c = head * width; c < (head + 1) * width; c++) {
          const entry = step * match + (j === t ? (D?.[c] ?? 0) : 0);
          out[j]! += (entry * scan.x(j, c) * scan.gate(t, c)) ** 2;
        }
      }
    }
    return out.map(Math.sqrt);
  });
}

/** ‖Δ ∘ x‖ · ‖B‖ of every token: the norm of what it adds to the state. */
export function writes(scan: Recurrence): Float64Array {
  return scan.keep('write strength', () =>
    Float64Array.from({ length: scan.length }, (_, t) => {
      let total = 0;
      const each = scan.channels / scan.groups;
      for (let group = 0; group < scan.groups; group++) {
        let input = 0;
        for (let c = group * each; c < (group + 1) * each; c++)
          input += (scan.delta(t, c) * scan.x(t, c)) ** 2;
        let map = 0;
        for (let n = 0; n < scan.states; n++) map += scan.B(t, group * each, n) ** 2;
        total += input * map;
      }
      return Math.sqrt(total);
    }),
  );
}

/** Mean over channels and states of what every token keeps, and the share of channels that keep less than a tenth. */
export function keeping(scan: Recurrence): { readonly kept: Float64Array; readonly forget: Float64Array } {
  return scan.keep('keeping', () => {
    const kept = new Float64Array(scan.length);
    const forget = new Float64Array(scan.length);
    const width = scan.channels / scan.heads;
    const states = scan.scalarDecay ? 1 : scan.states;
    for (let t = 0; t < scan.length; t++) {
      for (let head = 0; head < scan.heads; head++) {
        let sum = 0;
        for (let n = 0; n < states; n++) sum += scan.kept(t, head * width, n);
        kept[t]! += sum / states / scan.heads;
        if (sum / states < 0.1) forget[t]! += 1 / scan.heads;
      }
    }
    return { kept, forget };
  });
}

/** Distance within which a share of the total lies, looking back from the end. */
export function within(values: ArrayLike<number>, share: number): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  let sum = 0;
  for (let d = 0; d < values.length; d++) {
    sum += values[values.length - 1 - d]!;
    if (sum >= share * total) return d;
  }
  return Math.max(0, values.length - 1);
}
