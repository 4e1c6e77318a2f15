import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { buildModel, defaultTask, inspectionOf, type ModelConfig, type ModelData } from '../../src/models';

const data: ModelData = {
  length: 6,
  input: { kind: 'tokens', vocab_size: 11 },
  // So that layers which look ahead may take part.
  target: { kind: 'class', classes: 3 },
};
const [batch, length] = [2, 6];

/** A model of one layer, with every other row of a projection nearly zero: half the gates are shut. */
function shown(layer: ModelConfig['layers'][number], projection: string) {
  const config = { d_model: 8, layers: [layer], norm: 'rms', norm_eps: 1e-5, tie_embeddings: true } as const;
  const model = buildModel({ model: config, task: defaultTask(data), data });
  const weights: Record<string, Float32Array> = Object.fromEntries(
    [...model.initialise(3)].map(([name, value]) => {
      if (name.endsWith(`${projection}.weight`))
        return [name, value.map((x, i) => (Math.floor(i / 8) % 2 === 0 ? 1e-4 * x : 10 * x))];
      if (name.endsWith(`${projection}.bias`)) return [name, value.map(() => 0)];
      // And some steps overwrite every state.
      if (/dt_(proj\.)?bias$/.test(name)) return [name, value.map((x, i) => (i % 2 === 0 ? 8 : x))];
      return [name, value];
    }),
  );
  const ids = Int32Array.from({ length: batch * length }, (_, i) => (7 * i + 3) % 11);
  const feeds = { ...weights, inputs: ids, targets: Int32Array.from({ length: batch }, (_, b) => b) };
  const measured = model.evaluation(batch, length, { activations: true });
  const inspected = inspectionOf(model, batch, length, 0);
  const read = (tensor: g.Tensor | undefined): Float64Array | undefined =>
    tensor && Float64Array.from(g.interpret([tensor], feeds)[0]!);
  return {
    gauge: (name: string) => read(measured[`layers.0.${name}`]),
    probe: (name: string) => read(inspected[`probe.${name}`])!,
  };
}

/** Share of channels of (batch, time, channel) that stay within ±0.01 over the steps of example b. */
function silent(gate: Float64Array, b: number): number {
  const channels = gate.length / (batch * length);
  const dead = Array.from({ length: channels }, (_, c) =>
    Array.from({ length }, (_step, t) => Math.abs(gate[(b * length + t) * channels + c]!)).every(
      (value) => value < 0.01,
    ),
  );
  return dead.filter(Boolean).length / channels;
}

/** Share of steps and channels (heads) of example b at which the slowest state keeps less than 1 %. */
function forgotten(delta: Float64Array, A: Float64Array, b: number): number {
  const heads = delta.length / (batch * length);
  const byStep = A.length === delta.length;
  const states = byStep ? 1 : A.length / heads;
  let count = 0;
  for (let t = 0; t < length; t++) {
    for (let c = 0; c < heads; c++) {
      const at = (b * length + t) * heads + c;
      const own = byStep ? [A[at]!] : [...A.subarray(c * states, (c + 1) * states)];
      count += Number(Math.max(...own.map((a) => Math.exp(delta[at]! * a))) < 0.01);
    }
  }
  return count / (length * heads);
}

describe('what layers measure of themselves, as counted from what they show', () => {
  const layers = [
    { layer: { mixer: 'mamba', d_state: 3 }, projection: 'in_proj', gate: 'gate', steps: ['delta'] },
    {
      layer: { mixer: 'mamba2', d_state: 4, headdim: 4 },
      projection: 'in_proj',
      gate: 'gate',
      steps: ['delta'],
    },
    {
      layer: { mixer: 'mamba3', d_state: 4, headdim: 4 },
      projection: 'in_proj',
      gate: 'gate',
      steps: ['delta'],
    },
    {
      layer: { mixer: 'hydra', d_state: 4, headdim: 4 },
      projection: 'in_proj',
      gate: 'gate',
      steps: ['delta_forward', 'delta_backward'],
    },
    { layer: { mixer: 'glu', activation: 'silu' }, projection: 'linear', gate: 'gate', steps: [] },
    {
      layer: { mixer: 'mlp', activation: 'relu', multiple_of: 8 },
      projection: 'fc1',
      gate: 'hidden',
      steps: [],
    },
    { layer: { mixer: 'h3', d_state: 4, head_dim: 2 }, projection: 'q_proj', gate: 'q', steps: [] },
  ] as const;
  for (const { layer, projection, gate, steps } of layers) {
    it(layer.mixer, () => {
      const { gauge, probe } = shown(layer, projection);
      const dead = gauge('dead')!;
      const saturated = gauge('saturated');
      assert.equal(saturated !== undefined, steps.length > 0);
      for (let b = 0; b < batch; b++) {
        const share = silent(probe(gate), b);
        assert.ok(share > 0 && share < 1, `${share} of the gates`);
        assert.ok(Math.abs(dead[b]! - share) < 1e-6);
        if (!saturated) continue;
        const parts = steps.map((name) => forgotten(probe(name), probe('A'), b));
        const lost = parts.reduce((sum, part) => sum + part, 0) / parts.length;
        assert.ok(lost > 0 && lost < 1, `${lost} of the steps`);
        assert.ok(Math.abs(saturated[b]! - lost) < 1e-6);
      }
    });
  }

  // Their gates are not among the probes: half the rows of the projection are shut, and no others.
  it('gated-mlp, and mlp as SwiGLU', () => {
    for (const layer of [{ mixer: 'gated-mlp' }, { mixer: 'mlp' }] as const)
      for (const share of shown({ ...layer, multiple_of: 8 }, 'fc1').gauge('dead')!)
        assert.ok(Math.abs(share - 0.5) < 1e-6);
  });
  it('sma, at the tokens that it attends to', () => {
    const { gauge, probe } = shown({ mixer: 'sma' }, 'mx_proj');
    const dead = gauge('dead')!;
    const active = probe('active');
    for (let b = 0; b < batch; b++) {
      const any = active.subarray(b * length, (b + 1) * length).some((value) => value > 0);
      assert.ok(Math.abs(dead[b]! - (any ? 0.5 : 1)) < 1e-6);
    }
  });
});

/**
 * `rms`, `dead` and `saturated` of a model whose tokens leave nearly all gates shut and whose padding opens them and takes
 * large steps, over the same tokens with so much padding behind.
 */
function padded(layer: ModelConfig['layers'][number], padding: number, counts: boolean) {
  const long = length + padding;
  const input = { kind: 'tokens', vocab_size: 11, ...(counts ? {} : { padding: 0 }) } as const;
  const config = { d_model: 8, layers: [layer], norm: 'rms', norm_eps: 1e-5, tie_embeddings: true } as const;
  const shape: ModelData = { ...data, length: long, input };
  const model = buildModel({ model: config, task: defaultTask(shape), data: shape });
  const weights: Record<string, Float32Array> = Object.fromEntries(
    [...model.initialise(3)].map(([name, value]) => {
      // Only padding has a first channel, and only the first channel counts where gates and steps are made.
      if (name.endsWith('embedding.weight'))
        return [name, value.map((x, i) => (i % 8 === 0 ? Number(i === 0) : 50 * x))];
      if (/(in_proj|fc1|q_proj|mx_proj|linear|router)\.weight$/.test(name) && value.length % 8 === 0)
        return [name, value.map((x, i) => (i % 8 === 0 ? 10 * Math.sign(x) : 1e-4 * x))];
      if (/(fc1|q_proj|mx_proj|linear)\.bias$/.test(name)) return [name, value.map(() => 0)];
      // Half of the steps are large at padding.
      return [name, /(x|dt)_proj\.weight$/.test(name) ? value.map((x) => 30 * x) : value];
    }),
  );
  const inputs = Int32Array.from({ length: batch * long }, (_, i) =>
    i % long < length ? 1 + ((7 * (i % long) + 3 * Math.floor(i / long)) % 10) : 0,
  );
  const program = model.evaluation(batch, long, { activations: true });
  const names = Object.keys(program).filter((name) => name.startsWith('layers.0.'));
  const found = g.interpret(
    names.map((name) => program[name]!),
    { ...weights, inputs, targets: Int32Array.of(0, 1) },
  );
  return Object.fromEntries(names.map((name, i) => [name.slice('layers.0.'.length), [...found[i]!]]));
}

describe('what is measured of a layer does not depend on padding', () => {
  const layers: [string, Record<string, unknown>, string[]][] = [
    ['mamba', { d_state: 3 }, ['rms', 'dead', 'saturated']],
    ['mamba2', { d_state: 4, headdim: 4 }, ['rms', 'dead', 'saturated']],
    ['mamba3', { d_state: 4, headdim: 1 }, ['rms', 'dead', 'saturated']],
    ['hydra', { d_state: 4, headdim: 4 }, ['rms', 'dead', 'saturated']],
    ['h3', { d_state: 4 }, ['rms', 'dead']],
    ['glu', { activation: 'silu' }, ['rms', 'dead']],
    ['mlp', { multiple_of: 8 }, ['rms', 'dead']],
    ['mlp', { activation: 'relu', multiple_of: 8 }, ['rms', 'dead']],
    ['gated-mlp', { multiple_of: 8 }, ['rms', 'dead']],
    ['s4d', { d_state: 4 }, ['rms']],
  ];
  for (const [mixer, options, names] of layers) {
    it(`${mixer} ${JSON.stringify(options)}`, () => {
      const [alone, behind, counted] = [
        padded({ mixer, ...options }, 0, false),
        padded({ mixer, ...options }, 5, false),
        padded({ mixer, ...options }, 5, true),
      ];
      for (const name of names) {
        alone[name]!.forEach((value, b) => {
          assert.ok(Math.abs(behind[name]![b]! - value) < 1e-6, `${name}: ${behind[name]![b]}, not ${value}`);
          assert.ok(Math.abs(counted[name]![b]! - value) > 1e-3, `padding would not show in ${name}`);
        });
      }
    });
  }
});
