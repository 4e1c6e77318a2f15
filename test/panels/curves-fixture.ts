/** @file Runs as small models on induction heads make them: a plateau at ln 16, a fall over decades, noise in its scale. */
import type { Rows, RunMeta, ToCurves } from '../../src/protocol/view-curves';

/** Uniform in [0, 1), the same every time (xorshift). */
export function uniform(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

export interface Shape {
  readonly name: string;
  readonly group: string;
  readonly palette: number;
  readonly seed: number;
  readonly keys: RunMeta['keys'];
  /** Step at which the loss has fallen half way in log. */
  readonly fall: number;
  readonly width: number;
  readonly floor: number;
  readonly noise: number;
  readonly steps: number;
  readonly at: number;
  readonly status: RunMeta['status'];
  readonly speed: number;
  readonly parameters: number;
  readonly error?: string;
}

const base = {
  data: 'induction-heads',
  length: 32,
  d_model: 32,
  batch_size: 16,
  lr: 2e-3,
  steps: 1500,
  warmup: 100,
};
export const shape = (
  partial: Partial<Shape> & Pick<Shape, 'name' | 'group' | 'palette' | 'fall' | 'floor'>,
): Shape => ({
  seed: 0,
  keys: { ...base, mixer: 'mamba', layers: 2, d_state: 16 },
  width: 90,
  noise: 0.04,
  steps: 1500,
  at: 1500,
  status: 'finished',
  speed: 10_200,
  parameters: 20_960,
  ...partial,
});

/** The nine runs of the design's first picture. */
export const nineRuns: readonly Shape[] = [
  ...[0, 1, 2].map((seed) =>
    shape({
      name: `mamba-${seed}`,
      group: 'g0',
      palette: 0,
      seed,
      fall: 520 + 60 * seed,
      floor: 0.0018 + 0.0002 * seed,
    }),
  ),
  shape({
    name: 'mamba-n4',
    group: 'g1',
    palette: 1,
    fall: 470,
    floor: 0.0013,
    noise: 0.4,
    keys: { ...base, mixer: 'mamba', layers: 2, d_state: 4 },
    speed: 40_700,
    parameters: 16_352,
  }),
  shape({
    name: 'mamba-lr5e-4',
    group: 'g2',
    palette: 2,
    fall: 1800,
    floor: 0.7,
    width: 260,
    keys: { ...base, mixer: 'mamba', layers: 2, d_state: 16, lr: 5e-4 },
    speed: 21_500,
  }),
  shape({
    name: 'hybrid',
    group: 'g3',
    palette: 3,
    fall: 160,
    floor: 5.6e-4,
    width: 60,
    noise: 0.03,
    keys: { ...base, mixer: 'mamba · attention · mamba', layers: 3, d_state: 16 },
    speed: 12_900,
    parameters: 29_312,
  }),
  shape({
    name: 'attention',
    group: 'g4',
    palette: 4,
    fall: 1500,
    floor: 0.9,
    width: 240,
    keys: { ...base, mixer: 'attention', layers: 2 },
    at: 1120,
    status: 'running',
    speed: 96_800,
    parameters: 18_784,
  }),
  shape({
    name: 's4d',
    group: 'g5',
    palette: 5,
    fall: 1000,
    floor: 0.075,
    width: 180,
    noise: 0.25,
    keys: { ...base, mixer: 's4d', layers: 2, d_state: 16 },
    speed: 58_400,
    parameters: 18_400,
  }),
  shape({
    name: 's4d-n64',
    group: 'g6',
    palette: 6,
    fall: 1000,
    floor: 0.6,
    width: 260,
    keys: { ...base, mixer: 's4d', layers: 2, d_state: 64 },
    at: 860,
    status: 'running',
    speed: 55_000,
    parameters: 30_688,
  }),
];

export function metaOf(run: Shape, now: number): RunMeta {
  const seconds = (run.at * 16 * 32) / run.speed;
  return {
    id: `/workspace/runs/induction/${run.name}`,
    name: `induction/${run.name}`,
    config: 'induction',
    group: run.group,
    palette: run.palette,
    status: run.status,
    seed: run.seed,
    steps: run.steps,
    keys: run.keys,
    parameters: run.parameters,
    device: 'cpu',
    started: now - seconds * 1000,
    lastWrite: now - 800,
    checkpoints: [500, 1000, 1500].filter((step) => step <= run.at),
    ...(run.status === 'running' && run.at === 0 ? { phase: 'compiling' } : {}),
    ...(run.error ? { error: run.error } : {}),
    ...(run.status === 'running' ? {} : { ended: now }),
  };
}

/** Loss at a step without noise. */
function lossAt(run: Shape, step: number): number {
  const start = Math.log(2.77);
  const end = Math.log(run.floor);
  const gate = 1 / (1 + Math.exp(-(step - run.fall) / run.width));
  const slow = 0.55 * gate + 0.45 * (gate * Math.max(0, 1 - Math.exp(-(step - run.fall) / (run.width * 3))));
  return Math.exp(start + (end - start) * slow);
}

/** Rows whose columns are arrays. */
interface PlainRows extends Rows {
  readonly tables: Record<string, { count: number; columns: Record<string, Float64Array<ArrayBuffer>> }>;
}

export function rowsOf(run: Shape, from = 0, to = run.at, reset = true): PlainRows {
  const random = uniform(run.palette * 101 + run.seed * 7 + 5);
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const count = to - from;
  const column = () => new Float64Array(count);
  const c = {
    step: column(),
    loss: column(),
    lr: column(),
    grad_norm: column(),
    tokens: column(),
    flops: column(),
    seconds: column(),
  };
  let seconds = 0;
  for (let step = 1; step <= to; step++) {
    const noise = Math.exp(normal() * run.noise * (step > run.fall * 0.6 ? 1 : 0.15));
    const gradientNoise = normal();
    const speed = run.speed * (1 + 0.12 * Math.sin(step / 90 + run.palette) + 0.08 * normal());
    seconds += (16 * 32) / Math.max(speed, run.speed / 3);
    if (step <= from) continue;
    const i = step - from - 1;
    const loss = lossAt(run, step) * noise;
    c.step[i] = step;
    c.loss[i] = loss;
    c.lr[i] = 2e-3 * Math.min(1, step / 100) * (0.5 + 0.5 * Math.cos((Math.PI * step) / 1500));
    c.grad_norm[i] = (0.004 + 4 * Math.sqrt(loss / 2.77)) * Math.exp(0.3 * gradientNoise);
    c.tokens[i] = step * 16 * 32;
    c.flops[i] = step * 16 * 32 * 6 * run.parameters;
    c.seconds[i] = seconds;
  }
  const steps: number[] = [];
  for (let step = 50; step <= to; step += 50) if (step > from) steps.push(step);
  const evalLoss = steps.map((step) => lossAt(run, step) * 1.03);
  return {
    id: metaOf(run, 0).id,
    reset,
    tables: {
      train: { count, columns: c },
      'eval/validation': {
        count: steps.length,
        columns: {
          step: Float64Array.from(steps),
          loss: Float64Array.from(evalLoss),
          accuracy: Float64Array.from(evalLoss, (loss) =>
            Math.max(0.0625, Math.min(1, Math.exp(-loss * 1.02))),
          ),
        },
      },
    },
  };
}

export function runsMessage(shapes: readonly Shape[], focused?: string): ToCurves {
  const now = Date.now();
  return {
    type: 'runs',
    runs: shapes.map((run) => metaOf(run, now)),
    now,
    trainable: 'induction.ssm.yaml',
    ...(focused ? { focused } : {}),
  };
}

export function rowsMessage(shapes: readonly Shape[]): ToCurves {
  return {
    type: 'rows',
    runs: shapes.filter((run) => run.at > 0).map((run) => rowsOf(run)),
    now: Date.now(),
    pending: 0,
  };
}
