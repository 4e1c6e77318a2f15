/**
 * @file Parts of hybrids as plain float64 loops over the tensors of a file, from the formulas: nothing of the graph, the
 * layers or the loaders is used.
 */
import { affine, convolution, erf, silu, softplus } from '../../layers/slow';

export interface FileTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
export type File = ReadonlyMap<string, FileTensor>;
export type Rows = number[][];

export const get = (file: File, name: string): Float64Array => {
  const found = file.get(name);
  if (!found) throw new Error(`the file lacks ${name}`);
  return Float64Array.from(found.data);
};
const optional = (file: File, name: string): Float64Array | undefined =>
  file.has(name) ? get(file, name) : undefined;

/** name.weight and, where it is there, name.bias. */
export const linear = (file: File, name: string, x: number[]): number[] =>
  affine(x, get(file, `${name}.weight`), optional(file, `${name}.bias`));

export const gelu = (x: number): number => (x / 2) * (1 + erf(x / Math.SQRT2));
export const add = (a: number[], b: number[]): number[] => a.map((value, i) => value + b[i]!);
export const times = (a: number[], factor: number): number[] => a.map((value) => value * factor);

export function rms(x: number[], weight: Float64Array | undefined, eps: number): number[] {
  const scale = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + eps);
  return x.map((value, i) => value * scale * (weight?.[i] ?? 1));
}

/** Rotates the first `width` channels of a head, i with i + width / 2. */
export function turned(head: number[], position: number, width: number, base: number): number[] {
  const result = head.slice();
  for (let i = 0; i < width / 2; i++) {
    const angle = position * base ** ((-2 * i) / width);
    const [a, b] = [head[i]!, head[i + width / 2]!];
    result[i] = a * Math.cos(angle) - b * Math.sin(angle);
    result[i + width / 2] = b * Math.cos(angle) + a * Math.sin(angle);
  }
  return result;
}

export interface Attention {
  readonly heads: number;
  readonly heads_kv: number;
  readonly head_dim: number;
  readonly scale: number;
  readonly rotary: number;
  readonly base: number;
}

/** Causal softmax attention over q, k and v of every position. */
export function attention(q: Rows, k: Rows, v: Rows, o: Attention): Rows {
  const W = o.head_dim;
  const part = (rows: Rows, t: number, h: number): number[] => rows[t]!.slice(h * W, (h + 1) * W);
  return q.map((_, t) => {
    const out: number[] = [];
    for (let h = 0; h < o.heads; h++) {
      const kv = Math.floor(h / (o.heads / o.heads_kv));
      const query = turned(part(q, t, h), t, o.rotary, o.base);
      const weights = Array.from({ length: t + 1 }, (_unused, s) => {
        const key = turned(part(k, s, kv), s, o.rotary, o.base);
        return Math.exp(o.scale * query.reduce((sum, value, i) => sum + value * key[i]!, 0));
      });
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let i = 0; i < W; i++)
        out.push(weights.reduce((sum, weight, s) => sum + (weight / total) * part(v, s, kv)[i]!, 0));
    }
    return out;
  });
}

export interface Mamba2 {
  readonly d_inner: number;
  readonly heads: number;
  readonly groups: number;
  readonly d_state: number;
  /** Groups of the gated norm; 0 for no norm. */
  readonly normGroups: number;
  readonly eps: number;
  readonly limit?: readonly [number, number];
  /** Factor of every row of in_proj. */
  readonly scale?: readonly number[];
  readonly normFirst?: boolean;
}

/** A Mamba-2 layer whose tensors lie below `name`, with its state kept as one matrix per head. */
export function mamba2(file: File, name: string, rows: Rows, o: Mamba2): Rows {
  const { d_inner: E, heads: H, groups: G, d_state: N } = o;
  const P = E / H;
  const projected = rows.map((row) =>
    linear(file, `${name}.in_proj`, row).map((value, i) => value * (o.scale?.[i] ?? 1)),
  );
  const z = projected.map((row) => row.slice(0, E));
  const xbc = convolution(
    projected.map((row) => row.slice(E, 2 * E + 2 * G * N)),
    get(file, `${name}.conv1d.weight`),
    optional(file, `${name}.conv1d.bias`),
  ).map((row) => row.map(silu));
  const bias = get(file, `${name}.dt_bias`);
  const A = get(file, `${name}.A_log`).map((value) => -Math.exp(value));
  const D = get(file, `${name}.D`);
  const state = Array.from({ length: H * P * N }, () => 0);
  return projected.map((row, t) => {
    const y: number[] = [];
    for (let h = 0; h < H; h++) {
      const group = Math.floor(h / (H / G));
      let dt = softplus(row[2 * E + 2 * G * N + h]! + bias[h]!);
      if (o.limit) dt = Math.min(Math.max(dt, o.limit[0]), o.limit[1]);
      for (let p = 0; p < P; p++) {
        const x = xbc[t]![h * P + p]!;
        let sum = D[h]! * x;
        for (let n = 0; n < N; n++) {
          const at = (h * P + p) * N + n;
          const b = xbc[t]![E + group * N + n]!;
          state[at] = Math.exp(dt * A[h]!) * state[at]! + dt * x * b;
          sum += state[at]! * xbc[t]![E + (G + group) * N + n]!;
        }
        y.push(sum);
      }
    }
    const gate = z[t]!.map(silu);
    const norm = (values: number[]): number[] => {
      if (o.normGroups === 0) return values;
      const weight = get(file, `${name}.norm.weight`);
      const width = E / o.normGroups;
      return Array.from({ length: o.normGroups }, (_, i) =>
        rms(values.slice(i * width, (i + 1) * width), weight.slice(i * width, (i + 1) * width), o.eps),
      ).flat();
    };
    const gated = o.normFirst
      ? norm(y).map((value, i) => value * gate[i]!)
      : norm(y.map((value, i) => value * gate[i]!));
    return linear(file, `${name}.out_proj`, gated);
  });
}

/** The MLP value · silu(gate · factor) with three tensors below `name`. */
export const mlp = (file: File, name: string, x: number[], factor = 1): number[] => {
  const gate = linear(file, `${name}.gate_proj`, x).map((value) => silu(factor * value));
  const value = linear(file, `${name}.up_proj`, x);
  return linear(
    file,
    `${name}.down_proj`,
    value.map((one, i) => one * gate[i]!),
  );
};

/** Queries, keys and values of every row, through attention and back. */
export function attentionLayer(file: File, name: string, rows: Rows, o: Attention): Rows {
  const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((part) =>
    rows.map((row) => linear(file, `${name}.${part}`, row)),
  ) as [Rows, Rows, Rows];
  return attention(q, k, v, o).map((row) => linear(file, `${name}.o_proj`, row));
}

export interface Mamba {
  readonly d_inner: number;
  readonly d_state: number;
  readonly dt_rank: number;
  readonly eps: number;
}

/** Jamba's Mamba layer: δ, B and C are normed with weights. */
export function jambaMamba(file: File, name: string, rows: Rows, o: Mamba): Rows {
  const { d_inner: E, d_state: N, dt_rank: R } = o;
  const projected = rows.map((row) => linear(file, `${name}.in_proj`, row));
  const u = convolution(
    projected.map((row) => row.slice(0, E)),
    get(file, `${name}.conv1d.weight`),
    optional(file, `${name}.conv1d.bias`),
  ).map((row) => row.map(silu));
  const A = get(file, `${name}.A_log`).map((value) => -Math.exp(value));
  const D = get(file, `${name}.D`);
  const norm = (part: string, x: number[]): number[] =>
    rms(x, get(file, `${name}.${part}_layernorm.weight`), o.eps);
  const state = Array.from({ length: E * N }, () => 0);
  return u.map((x, t) => {
    const selected = linear(file, `${name}.x_proj`, x);
    const dt = linear(file, `${name}.dt_proj`, norm('dt', selected.slice(0, R))).map(softplus);
    const B = norm('b', selected.slice(R, R + N));
    const C = norm('c', selected.slice(R + N));
    const y = x.map((value, c) => {
      let sum = D[c]! * value;
      for (let n = 0; n < N; n++) {
        const at = c * N + n;
        state[at] = Math.exp(dt[c]! * A[at]!) * state[at]! + dt[c]! * value * B[n]!;
        sum += state[at]! * C[n]!;
      }
      return sum * silu(projected[t]![E + c]!);
    });
    return linear(file, `${name}.out_proj`, y);
  });
}

/** Tensors with values that no part of a model drowns: norms and D near one, small weights, A near −1 … −4. */
export function randomFile(
  shapes: ReadonlyMap<string, readonly number[]>,
  draw: () => number,
): Map<string, FileTensor> {
  return new Map(
    [...shapes].map(([name, shape]) => {
      const fan = shape.at(-1)!;
      const length = shape.reduce((product, extent) => product * extent, 1);
      const value = (): number => {
        if (/norm.*\.weight$|\.D$/.test(name)) return 1 + 0.3 * draw();
        if (name.endsWith('A_log')) return Math.abs(draw());
        if (/embed/.test(name)) return 0.7 * draw();
        return shape.length === 1 ? 0.5 * draw() : (1.4 * draw()) / Math.sqrt(fan);
      };
      return [name, { shape, data: Float32Array.from({ length }, value) }];
    }),
  );
}
