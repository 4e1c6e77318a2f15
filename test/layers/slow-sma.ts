/** @file SeqBoat's layer with real gathering: a list of active tokens per sequence, and attention on that list. */
import { affine, perSequence, sigmoid, silu, type Shape3, type Values } from './slow';

interface Sizes {
  zdim: number;
  hdim: number;
  ndim: number;
  window_size: number;
  attention_activation: string;
  bidirectional: boolean;
  rel_pos_bias: string;
  local_pos: boolean;
  norm_type: string;
  prenorm: boolean;
  truncation?: number;
}

function normed(row: number[], p: Values): number[] {
  const [kept, spread] = [p['norm.norm.running_mean'], p['norm.norm.running_var']];
  const [weight, bias] = [p['norm.norm.weight'], p['norm.norm.bias']];
  if (kept) {
    return row.map(
      (value, i) => ((value - kept[i]!) / Math.sqrt(spread![i]! + 1e-5)) * weight![i]! + bias![i]!,
    );
  }
  const scalar = p['norm.norm.scalar'];
  const mean = scalar ? 0 : row.reduce((sum, value) => sum + value, 0) / row.length;
  const square = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  return row.map((value, i) => {
    const plain = (value - mean) / Math.sqrt(square + 1e-5);
    return scalar ? plain * scalar[0]! : plain * weight![i]! + bias![i]!;
  });
}

/** The moving average as a convolution with its kernel. */
function average(rows: number[][], p: Values, r: Sizes): number[][] {
  const width = rows[0]!.length;
  const kernel = (channel: number, lag: number): number => {
    let sum = 0;
    if (lag >= (r.truncation ?? Infinity)) return sum;
    for (let n = 0; n < r.ndim; n++) {
      const at = channel * r.ndim + n;
      const written = sigmoid(p['ssm.delta']![at]!);
      const q = 1 - written * sigmoid(p['ssm.alpha']![at]!);
      sum += p['ssm.gamma']![at]! * Math.sqrt(1 / r.ndim) * written * p['ssm.beta']![at]! * q ** lag;
    }
    return sum;
  };
  return rows.map((row, t) =>
    row.map((value, c) => {
      let y = p['ssm.omega']![c]! * value;
      for (let s = 0; s <= t; s++) y += kernel(c, t - s) * rows[s]![c]!;
      if (r.bidirectional) for (let s = t; s < rows.length; s++) y += kernel(width + c, s - t) * rows[s]![c]!;
      return y;
    }),
  );
}

/** RoPE over all channels, neighbours together. */
const turned = (row: number[], t: number, r: Sizes): number[] => {
  if (r.rel_pos_bias !== 'rotary') return row;
  return row.map((value, i) => {
    const angle = t * 10000 ** ((-2 * Math.floor(i / 2)) / r.zdim);
    const partner = i % 2 === 0 ? -row[i + 1]! : row[i - 1]!;
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
};

/** @param seen is told, sequence by sequence, the gate's two numbers over the temperature at every token */
export function slowSma(
  x: Float64Array,
  shape: Shape3,
  p: Values,
  r: Sizes,
  seen?: (gates: [skip: number, act: number][]) => void,
): Float64Array {
  return perSequence(x, shape, (rows) => {
    const input = r.prenorm ? rows.map((row) => normed(row, p)) : rows;
    const m = average(input, p, r).map((row) => row.map(silu));
    const tau = Math.exp(p['q_router.temp']![0]!);
    const gates = m.map((row) => affine(row, p['hx_proj.weight']!, p['hx_proj.bias']));
    seen?.(gates.map(([skip, act]) => [skip! / tau, act! / tau]));
    const active = gates.flatMap(([skip, act], t) => (act! > skip! ? [t] : []));
    const units = active.map((t) => {
      const base = affine(m[t]!, p['mx_proj.weight']!, p['mx_proj.bias']).map(silu);
      const shared = base.slice(0, r.zdim);
      const row = (i: number): number[] =>
        shared.map((value, n) => value * p['gamma']![i * r.zdim + n]! + p['beta']![i * r.zdim + n]!);
      return {
        t,
        q: turned(row(0), t, r),
        k: turned(row(1), t, r),
        gate: base.slice(r.zdim, r.zdim + r.hdim),
        v: base.slice(r.zdim + r.hdim),
      };
    });
    const bias = (distance: number, places: number): number => {
      const table = p['rel_pos_bias.rel_pos_bias'];
      if (!table) return 0;
      const middle = (table.length - 1) / 2;
      const index = r.local_pos ? middle + places + r.window_size : middle + distance;
      return table[Math.min(Math.max(index, 0), table.length - 1)]!;
    };
    const softmax = r.attention_activation === 'softmax';
    const scale = softmax ? r.zdim ** -0.5 : 1 / (r.window_size * (r.bidirectional ? 2 : 1));
    const added = new Map<number, number[]>();
    units.forEach((query, i) => {
      const weights = units.map((key, j) => {
        if (Math.abs(j - i) > r.window_size || (!r.bidirectional && j > i)) return 0;
        const score = query.q.reduce((sum, value, n) => sum + value * key.k[n]!, 0) * scale;
        const biased = score + bias(key.t - query.t, j - i);
        return softmax ? Math.exp(biased) : Math.max(0, biased) ** 2;
      });
      const total = softmax ? weights.reduce((sum, weight) => sum + weight, 0) : 1;
      const mixed = query.gate.map((gate, c) => {
        return gate * units.reduce((sum, key, j) => sum + (weights[j]! / total) * key.v[c]!, 0);
      });
      const [skip, act] = gates[query.t]!;
      const probability = 1 / (1 + Math.exp((skip! - act!) / tau));
      const small = affine(mixed, p['h_proj.weight']!, p['h_proj.bias']);
      added.set(
        query.t,
        small.map((value) => value * probability),
      );
    });
    return rows.map((row, t) => {
      const out = row.map((value, c) => silu(gates[t]![2 + c]! + (added.get(t)?.[c] ?? 0) + value));
      return r.prenorm ? out : normed(out, p);
    });
  });
}
