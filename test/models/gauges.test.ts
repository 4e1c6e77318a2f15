import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { buildModel, defaultTask, type ModelConfig, type ModelData } from '../../src/models';

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
  const inspected = model.inspection(batch, length, 0);
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
