/** @file A Mamba and a Mamba-2 layer on an induction-heads example, computed by their recurrence in float64. */
import { Recurrence } from '../../src/figures/scan/recurrence';
import type { Inspection, Probe } from '../../src/protocol/view-scan';
import { uniform } from './curves-fixture';

const letters = 'ahblnmconln⇒emckghddgkfgniihaig⇒';

export interface ScanOptions {
  readonly layer?: number;
  readonly example?: number;
  readonly length?: number;
  readonly channels?: number;
  readonly states?: number;
  /** Heads of a Mamba-2 layer; absent for Mamba. */
  readonly heads?: number;
}

const silu = (x: number): number => x / (1 + Math.exp(-x));

export function inspection(options: ScanOptions = {}): Inspection {
  const { layer = 0, example = 7, length = 32, channels = 64, states = 16, heads } = options;
  const random = uniform(1 + layer * 31 + example * 7);
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const tokens = Array.from({ length }, (_, t) => letters[t % letters.length]!);
  const written = length > 13 ? 13 : 1;
  const delta = new Float32Array(length * (heads ?? channels));
  const gain = Array.from({ length: channels }, () => Math.exp(0.7 * normal()));
  for (let t = 0; t < length; t++) {
    const burst = t % 32 === written ? 1 : 0;
    for (let k = 0; k < (heads ?? channels); k++) {
      delta[t * (heads ?? channels) + k] =
        Math.exp(-5 + 0.9 * normal()) + burst * gain[k]! * 0.8 + (t % 32 < 2 ? 0.05 * random() : 0);
    }
  }
  const headOf = (c: number): number => (heads ? Math.floor((c * heads) / channels) : c);
  const A = heads
    ? Float32Array.from({ length: heads }, (_, h) => -(0.02 + h * 0.3))
    : Float32Array.from(
        { length: channels * states },
        (_, i) => -((i % states) + 1) * 0.8 * (1 + 0.4 * random()),
      );
  const B = Float32Array.from({ length: length * states }, () => 2.4 * normal());
  const C = Float32Array.from(
    { length: length * states },
    (_, i) => (0.5 + (Math.floor(i / states) === length - 1 ? 2 : 0)) * normal(),
  );
  // The last position asks for what was written.
  for (let n = 0; n < states; n++)
    C[(length - 1) * states + n] = 0.9 * B[written * states + n]! + 0.2 * normal();
  const D = Float32Array.from({ length: channels }, () => 1 + 0.1 * normal());
  const x = Float32Array.from({ length: length * channels }, () => silu(1.2 * normal()));
  const gate = Float32Array.from({ length: length * channels }, () => silu(1.3 * normal()));
  const kept = new Float32Array(length * (heads ?? channels * states));
  const state = new Float32Array(length * channels * states);
  const norm = new Float32Array(length * channels);
  const y = new Float32Array(length * channels);
  for (let t = 0; t < length; t++) {
    for (let c = 0; c < channels; c++) {
      const step = delta[t * (heads ?? channels) + headOf(c)]!;
      let sum = 0;
      let read = 0;
      for (let n = 0; n < states; n++) {
        const decay = Math.exp(step * (heads ? A[headOf(c)]! : A[c * states + n]!));
        if (heads) kept[t * heads + headOf(c)] = decay;
        else kept[(t * channels + c) * states + n] = decay;
        const before = t > 0 ? state[((t - 1) * channels + c) * states + n]! : 0;
        const h = decay * before + step * x[t * channels + c]! * B[t * states + n]!;
        state[(t * channels + c) * states + n] = h;
        sum += h * h;
        read += h * C[t * states + n]!;
      }
      norm[t * channels + c] = Math.sqrt(sum);
      y[t * channels + c] = read + D[c]! * x[t * channels + c]!;
    }
  }
  const probe = (
    data: Float32Array<ArrayBuffer>,
    shape: number[],
    axes: string[],
    sign: Probe['sign'] = 'signed',
  ): Probe => ({ data, shape, axes, sign, unit: '', description: 'A quantity of the scan.' });
  const perChannel = ['time', 'channel'];
  const maps = heads ? ['time', 'group', 'state'] : ['time', 'state'];
  const mapShape = heads ? [length, 1, states] : [length, states];
  return {
    layer,
    mixer: heads ? 'mamba2' : 'mamba',
    layers: [
      { index: 0, mixer: heads ? 'mamba2' : 'mamba' },
      { index: 1, mixer: 'mamba' },
      { index: 2, mixer: 'attention' },
    ],
    step: 1500,
    example,
    examples: 256,
    vocabulary: [...new Set(letters)],
    tokens: tokens.map((label) => ({ id: [...new Set(letters)].indexOf(label), label })),
    target: { label: 'e', id: 9, position: length - 1 },
    prediction: { label: 'e', id: 9, position: length - 1, probability: 0.999 },
    probes: {
      x: probe(x, [length, channels], perChannel),
      delta: probe(delta, [length, heads ?? channels], ['time', heads ? 'head' : 'channel'], 'positive'),
      A: probe(A, heads ? [heads] : [channels, states], heads ? ['head'] : ['channel', 'state']),
      A_bar: probe(
        kept,
        heads ? [length, heads] : [length, channels, states],
        heads ? ['time', 'head'] : ['time', 'channel', 'state'],
        'positive',
      ),
      B: probe(B, mapShape, maps),
      C: probe(C, mapShape, maps),
      D: probe(D, [channels], ['channel']),
      state: probe(state, [length, channels, states], ['time', 'channel', 'state']),
      state_norm: probe(norm, [length, channels], perChannel, 'positive'),
      y: probe(y, [length, channels], perChannel),
      gate: probe(gate, [length, channels], perChannel),
    },
  };
}

/** A layer without a scan. */
export function attentionLayer(): Inspection {
  const base = inspection({ layer: 2 });
  return {
    ...base,
    mixer: 'attention',
    probes: {
      attention: {
        shape: [2, 32, 32],
        axes: ['head', 'query', 'key'],
        data: new Float32Array(2048).fill(1 / 32),
        unit: '',
        sign: 'positive',
      },
    },
  };
}

/** A ring on a dark ground, as a digit of sequential MNIST is read in patches. */
export const ring = {
  rows: 7,
  columns: 7,
  width: 28,
  height: 28,
  channels: 1,
  data: Uint8Array.from({ length: 784 }, (_, i) => {
    const far = Math.hypot((i % 28) - 13.5, (Math.floor(i / 28) - 13.5) * 0.8);
    return Math.round(255 * Math.exp(-(((far - 7.5) / 1.6) ** 2)));
  }),
};

/** Values (time, width) in reverse order of time. */
const backwards = ({ data, shape }: Probe): Float32Array<ArrayBuffer> => {
  const width = data.length / shape[0]!;
  return Float32Array.from(
    data,
    (_, i) => data[(shape[0]! - 1 - Math.floor(i / width)) * width + (i % width)]!,
  );
};

/** A Hydra layer: one Mamba-2 scan each way and a diagonal. */
export function hydraLayer(): Inspection {
  const [there, back] = [inspection({ heads: 8, example: 7 }), inspection({ heads: 8, example: 4 })];
  const { x, A, D, gate } = there.probes as Record<string, Probe>;
  const probes: Record<string, Probe> = { x: x!, A: A!, gate: gate!, y: x! };
  for (const name of ['delta', 'A_bar', 'B', 'C']) {
    probes[`${name}_forward`] = there.probes[name]!;
    probes[`${name}_backward`] = { ...back.probes[name]!, data: backwards(back.probes[name]!) };
  }
  const [length, channels] = x!.shape as [number, number];
  probes['diagonal'] = {
    ...probes['delta_forward']!,
    sign: 'signed',
    data: Float32Array.from({ length: length * 8 }, (_, i) => D!.data[i % channels]!),
  };
  const found: Inspection = {
    ...there,
    layer: 0,
    mixer: 'hydra',
    layers: [{ index: 0, mixer: 'hydra' }],
    probes,
  };
  const scan = new Recurrence(found);
  const y = Float32Array.from({ length: length * channels }, (_, i) => {
    const { left, right, own } = scan.parts(Math.floor(i / channels), i % channels)!;
    return left + right + own;
  });
  return { ...found, probes: { ...probes, y: { ...x!, data: y } } };
}
