/**
 * @file The layers once more, written as plain float64 loops from the papers' formulas: the yardstick for the
 * graph. Arrays are row-major; parameters come under their official names.
 */

export type Values = Readonly<Record<string, Float64Array>>;

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const silu = (x: number): number => x * sigmoid(x);
export const softplus = (x: number): number => (x > 30 ? x : Math.log1p(Math.exp(x)));

/** y[o] = Σ_i W[o,i] x[i] + b[o], with W (outputs, inputs). */
export function affine(x: number[], W: Float64Array, b?: Float64Array): number[] {
  const inputs = x.length;
  return Array.from({ length: W.length / inputs }, (_, o) => {
    let y = b?.[o] ?? 0;
    for (let i = 0; i < inputs; i++) y += W[o * inputs + i]! * x[i]!;
    return y;
  });
}

/** Rows of one sequence through the causal depthwise convolution; the last tap meets the current row. */
export function convolution(rows: number[][], W: Float64Array, b: Float64Array | undefined): number[][] {
  const channels = rows[0]!.length;
  const taps = W.length / channels;
  return rows.map((_, t) =>
    Array.from({ length: channels }, (_unused, c) => {
      let y = b?.[c] ?? 0;
      for (let k = 0; k < taps; k++) y += W[c * taps + k]! * (rows[t - (taps - 1) + k]?.[c] ?? 0);
      return y;
    }),
  );
}

/** Applies `layer` to every sequence of x (batch, time, width). */
export function perSequence(
  x: Float64Array,
  [batch, length, width]: readonly [number, number, number],
  layer: (rows: number[][]) => number[][],
): Float64Array {
  const result: number[] = [];
  for (let b = 0; b < batch; b++) {
    const rows = Array.from({ length }, (_, t) =>
      Array.from(x.subarray((b * length + t) * width, (b * length + t + 1) * width)),
    );
    for (const row of layer(rows)) result.push(...row);
  }
  return Float64Array.from(result);
}

export type Shape3 = readonly [number, number, number];

export function slowMamba(
  x: Float64Array,
  shape: Shape3,
  p: Values,
  r: { d_inner: number; d_state: number; dt_rank: number },
): Float64Array {
  const { d_inner: E, d_state: N, dt_rank: R } = r;
  return perSequence(x, shape, (rows) => {
    const xz = rows.map((row) => affine(row, p['in_proj.weight']!, p['in_proj.bias']));
    const v = convolution(
      xz.map((row) => row.slice(0, E)),
      p['conv1d.weight']!,
      p['conv1d.bias'],
    ).map((row) => row.map(silu));
    const h = new Float64Array(E * N);
    return v.map((row, t) => {
      const projected = affine(row, p['x_proj.weight']!);
      const delta = affine(projected.slice(0, R), p['dt_proj.weight']!, p['dt_proj.bias']).map(softplus);
      const y = row.map((u, e) => {
        let sum = p['D']![e]! * u;
        for (let n = 0; n < N; n++) {
          const A = -Math.exp(p['A_log']![e * N + n]!);
          h[e * N + n] = Math.exp(delta[e]! * A) * h[e * N + n]! + delta[e]! * projected[R + n]! * u;
          sum += projected[R + N + n]! * h[e * N + n]!;
        }
        return sum * silu(xz[t]![E + e]!);
      });
      return affine(y, p['out_proj.weight']!, p['out_proj.bias']);
    });
  });
}

export interface SlowMamba2 {
  d_inner: number;
  d_ssm: number;
  d_state: number;
  headdim: number;
  nheads: number;
  ngroups: number;
  norm_before_gate: boolean;
  dt_limit: readonly [number, number];
}

export function slowMamba2(x: Float64Array, shape: Shape3, p: Values, r: SlowMamba2): Float64Array {
  const { d_inner: E, d_ssm: S, d_state: N, headdim: P, nheads: H, ngroups: G } = r;
  const rest = E - S;
  return perSequence(x, shape, (rows) => {
    const wide = rows.map((row) => affine(row, p['in_proj.weight']!, p['in_proj.bias']));
    const from = 2 * rest + S;
    const xbc = convolution(
      wide.map((row) => row.slice(from, from + S + 2 * G * N)),
      p['conv1d.weight']!,
      p['conv1d.bias'],
    ).map((row) => row.map(silu));
    const state = p['init_states'] ? Float64Array.from(p['init_states']) : new Float64Array(S * N);
    return xbc.map((row, t) => {
      const z = wide[t]!.slice(2 * rest, 2 * rest + S).map(silu);
      const y = Array.from({ length: S }, (_, c) => {
        const head = Math.floor(c / P);
        const group = Math.floor(head / (H / G));
        const raw = softplus(wide[t]![from + S + 2 * G * N + head]! + p['dt_bias']![head]!);
        const delta = Math.min(Math.max(raw, r.dt_limit[0]), r.dt_limit[1]);
        const decay = Math.exp(-delta * Math.exp(p['A_log']![head]!));
        let sum = (p['D']!.length === S ? p['D']![c]! : p['D']![head]!) * row[c]!;
        for (let n = 0; n < N; n++) {
          state[c * N + n] = decay * state[c * N + n]! + delta * row[c]! * row[S + group * N + n]!;
          sum += state[c * N + n]! * row[S + G * N + group * N + n]!;
        }
        return sum;
      });
      const mixed = wide[t]!.slice(0, rest).map((z0, i) => silu(z0) * wide[t]![rest + i]!);
      return affine(
        [...mixed, ...slowGatedNorm(y, z, p['norm.weight'], G, r.norm_before_gate)],
        p['out_proj.weight']!,
        p['out_proj.bias'],
      );
    });
  });
}

function slowGatedNorm(
  y: number[],
  gate: number[],
  weight: Float64Array | undefined,
  groups: number,
  before: boolean,
): number[] {
  if (!weight) return y.map((value, c) => value * gate[c]!);
  const input = before ? y : y.map((value, c) => value * gate[c]!);
  const width = y.length / groups;
  return input.map((value, c) => {
    const start = Math.floor(c / width) * width;
    const square = input.slice(start, start + width).reduce((sum, one) => sum + one * one, 0) / width;
    return (value / Math.sqrt(square + 1e-5)) * weight[c]! * (before ? gate[c]! : 1);
  });
}

export interface SlowAttention {
  heads: number;
  num_heads_kv: number;
  head_dim: number;
  causal: boolean;
  rotary_emb_dim: number;
  rotary_emb_base: number;
  rotary_emb_interleaved?: boolean;
  window?: number;
  qk_norm?: string;
  softmax_scale?: number;
  qk_temperature?: number | string;
}

export function slowAttention(x: Float64Array, shape: Shape3, p: Values, r: SlowAttention): Float64Array {
  const { heads: H, num_heads_kv: K, head_dim: W } = r;
  /** RoPE on one head at position t: pair i turned by t · base^(-2i/n). */
  const turn = (head: number[], t: number): number[] => {
    const pairs = r.rotary_emb_dim / 2;
    const turned = head.slice();
    for (let i = 0; i < pairs; i++) {
      const [a, b] = r.rotary_emb_interleaved ? [2 * i, 2 * i + 1] : [i, i + pairs];
      const angle = t * r.rotary_emb_base ** (-i / pairs);
      turned[a] = head[a]! * Math.cos(angle) - head[b]! * Math.sin(angle);
      turned[b] = head[a]! * Math.sin(angle) + head[b]! * Math.cos(angle);
    }
    return turned;
  };
  const norm = (head: number[], weight: Float64Array | undefined): number[] => {
    const squares = head.reduce((sum, value) => sum + value * value, 0);
    if (weight) return head.map((value, i) => (value / Math.sqrt(squares / W + 1e-5)) * weight[i]!);
    return r.qk_norm === 'l2' ? head.map((value) => value / Math.sqrt(squares + 1e-12)) : head;
  };
  const scale = (h: number): number => {
    const temperature =
      r.qk_temperature === 'learned'
        ? Math.exp(p['log_temperature']![h]!)
        : ((r.qk_temperature ?? 1) as number);
    return (r.softmax_scale ?? 1 / Math.sqrt(W)) / temperature;
  };
  const sees = (t: number, s: number): boolean =>
    (!r.causal || s <= t) && (r.window === undefined || Math.abs(t - s) < r.window);
  return perSequence(x, shape, (rows) => {
    let qkv = rows.map((row) => affine(row, p['in_proj.weight']!, p['in_proj.bias']));
    if (p['conv1d.weight']) qkv = convolution(qkv, p['conv1d.weight'], p['conv1d.bias']);
    const head = (t: number, index: number): number[] => qkv[t]!.slice(index * W, (index + 1) * W);
    return rows.map((_, t) => {
      const mixed: number[] = [];
      for (let h = 0; h < H; h++) {
        const kv = Math.floor(h / (H / K));
        const q = turn(norm(head(t, h), p['q_norm.weight']), t);
        const weights = rows.map((_unused, s) => {
          if (!sees(t, s)) return 0;
          const k = turn(norm(head(s, H + kv), p['k_norm.weight']), s);
          return Math.exp(q.reduce((sum, value, i) => sum + value * k[i]!, 0) * scale(h));
        });
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (let i = 0; i < W; i++) {
          mixed.push(weights.reduce((sum, weight, s) => sum + (weight / total) * head(s, H + K + kv)[i]!, 0));
        }
      }
      return affine(mixed, p['out_proj.weight']!, p['out_proj.bias']);
    });
  });
}

/** The error function: its Taylor series near zero, the continued fraction of 1 − erf beyond. */
export function erf(x: number): number {
  if (Math.abs(x) > 2) {
    const size = Math.abs(x);
    let tail = 0;
    for (let k = 200; k > 0; k--) tail = k / 2 / (size + tail);
    return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (size + tail));
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const activations: Readonly<Record<string, (x: number) => number>> = {
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  silu,
  relu: (x) => Math.max(0, x),
  relu2: (x) => Math.max(0, x) ** 2,
  sigmoid,
  tanh: Math.tanh,
  identity: (x) => x,
};

/** [value, gate] → value · f(gate). */
const gate = (wide: number[], name: string): number[] => {
  const half = wide.length / 2;
  return wide.slice(0, half).map((value, i) => value * activations[name]!(wide[half + i]!));
};

export function slowMlp(
  x: Float64Array,
  shape: Shape3,
  p: Values,
  r: { activation: string; d_hidden: number },
): Float64Array {
  return perSequence(x, shape, (rows) =>
    rows.map((row) => {
      const wide = affine(row, p['fc1.weight']!, p['fc1.bias']);
      const hidden = r.activation === 'swiglu' ? gate(wide, 'silu') : wide.map(activations[r.activation]!);
      return affine(hidden, p['fc2.weight']!, p['fc2.bias']);
    }),
  );
}

export function slowGatedMlp(
  x: Float64Array,
  shape: Shape3,
  p: Values,
  r: { activation: string },
): Float64Array {
  return perSequence(x, shape, (rows) =>
    rows.map((row) => {
      const wide = affine(row, p['fc1.weight']!, p['fc1.bias']);
      return affine(gate(wide, r.activation), p['fc2.weight']!, p['fc2.bias']);
    }),
  );
}

/** Every token through its best experts, one after the other. */
export function slowMoe(
  x: Float64Array,
  shape: Shape3,
  p: Values,
  r: {
    activation: string;
    num_experts: number;
    top_k: number;
    d_hidden: number;
    scores: string;
    norm_topk_prob: boolean;
    routed_scaling_factor: number;
    n_group: number;
    topk_group: number;
  },
): Float64Array {
  const { num_experts: E, d_hidden: f } = r;
  const d = shape[2];
  const expert = (row: number[], e: number): number[] => {
    const of = (from: number): number[] =>
      affine(row, p['experts.fc1.weight']!.slice((from + e * f) * d, (from + (e + 1) * f) * d));
    const gates = r.activation === 'swiglu' ? of(E * f).map(silu) : [];
    const hidden =
      r.activation === 'swiglu' ? of(0).map((v, i) => v * gates[i]!) : of(0).map(activations[r.activation]!);
    return Array.from({ length: d }, (_unused, o) =>
      hidden.reduce((sum, h, i) => sum + h * p['experts.fc2.weight']![o * E * f + e * f + i]!, 0),
    );
  };
  return perSequence(x, shape, (rows) =>
    rows.map((row) => {
      const logits = affine(row, p['router.weight']!, p['router.bias']);
      const total = logits.reduce((sum, one) => sum + Math.exp(one), 0);
      const scores = logits.map((one) => (r.scores === 'softmax' ? Math.exp(one) / total : sigmoid(one)));
      const bias = p['router.e_score_correction_bias'];
      const counts = scores.map((score, e) => score + (bias?.[e] ?? 0));
      const size = E / r.n_group;
      const groupOf = (e: number): number => Math.floor(e / size);
      const worth = Array.from({ length: r.n_group }, (_unused, i) => {
        const members = counts.filter((_value, e) => groupOf(e) === i).sort((a, b) => b - a);
        return members[0]! + (members[1] ?? 0);
      });
      const open = worth.map((_value, i) => i).sort((a, b) => worth[b]! - worth[a]!);
      const closed = open.slice(r.topk_group);
      const order = scores.map((_unused, e) => e);
      const choice = counts.map((value, e) => (closed.includes(groupOf(e)) ? 0 : value));
      const best = order.sort((a, b) => choice[b]! - choice[a]!).slice(0, r.top_k);
      const sum = r.norm_topk_prob ? best.reduce((all, e) => all + scores[e]!, 0) : 1;
      const y = new Array<number>(d).fill(0);
      for (const e of best) {
        const weight = (r.routed_scaling_factor * scores[e]!) / sum;
        expert(row, e).forEach((value, o) => (y[o]! += weight * value));
      }
      if (!p['shared.fc1.weight']) return y;
      const wide = affine(row, p['shared.fc1.weight'], p['shared.fc1.bias']);
      const hidden = r.activation === 'swiglu' ? gate(wide, 'silu') : wide.map(activations[r.activation]!);
      const shared = affine(hidden, p['shared.fc2.weight']!, p['shared.fc2.bias']);
      return y.map((value, o) => value + shared[o]!);
    }),
  );
}

export function slowGlu(x: Float64Array, shape: Shape3, p: Values, r: { activation: string }): Float64Array {
  return perSequence(x, shape, (rows) =>
    rows.map((row) => gate(affine(row, p['linear.weight']!, p['linear.bias']), r.activation)),
  );
}
