/** @file Language model cases that nobody stored: forward and gradients, greedy decoding, training. */
import * as assert from 'node:assert/strict';
import { formatGoldenReport, runGolden } from '../../src/golden';
import { Random } from '../../src/util/random';
import { withCase, type CaseJson, type Stored } from './folder';
import { differences, slowLogits, slowLoss, type SlowLayer } from './slow-model';

const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
type Shapes = Record<string, readonly number[]>;

/** A model with the authors' names: what its layers are, its hyperparameters, its parameters' shapes. */
interface Recipe {
  readonly title: string;
  readonly hyperparameters: Record<string, unknown>;
  readonly layers: SlowLayer[];
  readonly shapes: Shapes;
}

const mamba = (i: number, D: number, N: number, E: number, R: number, K: number): { layer: SlowLayer; shapes: Shapes } => {
  const norm = `backbone.layers.${i}.norm.`;
  const m = `backbone.layers.${i}.mixer.`;
  return {
    layer: { norm, mixer: m, kind: 'mamba', options: { d_inner: E, d_state: N, dt_rank: R } },
    shapes: {
      [`${norm}weight`]: [D],
      [`${m}in_proj.weight`]: [2 * E, D],
      [`${m}conv1d.weight`]: [E, 1, K],
      [`${m}conv1d.bias`]: [E],
      [`${m}x_proj.weight`]: [R + 2 * N, E],
      [`${m}dt_proj.weight`]: [E, R],
      [`${m}dt_proj.bias`]: [E],
      [`${m}A_log`]: [E, N],
      [`${m}D`]: [E],
      [`${m}out_proj.weight`]: [D, E],
    },
  };
};

const mamba2 = (i: number, D: number, N: number, P: number): { layer: SlowLayer; shapes: Shapes } => {
  const norm = `backbone.layers.${i}.norm.`;
  const m = `backbone.layers.${i}.mixer.`;
  const E = 2 * D;
  const H = E / P;
  const options = {
    d_inner: E,
    d_ssm: E,
    d_state: N,
    headdim: P,
    nheads: H,
    ngroups: 1,
    norm_before_gate: false,
    dt_limit: [0, Infinity] as const,
  };
  return {
    layer: { norm, mixer: m, kind: 'mamba2', options },
    shapes: {
      [`${norm}weight`]: [D],
      [`${m}in_proj.weight`]: [2 * E + 2 * N + H, D],
      [`${m}conv1d.weight`]: [E + 2 * N, 1, 4],
      [`${m}conv1d.bias`]: [E + 2 * N],
      [`${m}dt_bias`]: [H],
      [`${m}A_log`]: [H],
      [`${m}D`]: [H],
      [`${m}norm.weight`]: [E],
      [`${m}out_proj.weight`]: [D, E],
    },
  };
};

const attention = (i: number, D: number, heads: number, kv: number, W: number, rotary: number): { layer: SlowLayer; shapes: Shapes } => {
  const norm = `backbone.layers.${i}.norm.`;
  const m = `backbone.layers.${i}.mixer.`;
  const rows = (heads + 2 * kv) * W;
  return {
    layer: {
      norm,
      mixer: m,
      kind: 'attention',
      options: { heads, num_heads_kv: kv, head_dim: W, causal: true, rotary_emb_dim: rotary, rotary_emb_base: 10000 },
    },
    shapes: {
      [`${norm}weight`]: [D],
      [`${m}in_proj.weight`]: [rows, D],
      [`${m}in_proj.bias`]: [rows],
      [`${m}out_proj.weight`]: [D, heads * W],
      [`${m}out_proj.bias`]: [D],
    },
  };
};

const mlp = (i: number, D: number): { layer: SlowLayer; shapes: Shapes } => {
  const norm = `backbone.layers.${i}.norm2.`;
  const m = `backbone.layers.${i}.mlp.`;
  return {
    layer: { norm, mixer: m, kind: 'mlp', options: { activation: 'swiglu', d_hidden: 128 } },
    shapes: { [`${norm}weight`]: [D], [`${m}fc1.weight`]: [256, D], [`${m}fc2.weight`]: [D, 128] },
  };
};

function recipe(
  title: string,
  parts: { layer: SlowLayer; shapes: Shapes }[],
  outer: { D: number; rows: number; tied: boolean },
  hyperparameters: Record<string, unknown>,
): Recipe {
  const shapes: Shapes = { 'backbone.embedding.weight': [outer.rows, outer.D] };
  for (const part of parts) Object.assign(shapes, part.shapes);
  shapes['backbone.norm_f.weight'] = [outer.D];
  if (!outer.tied) shapes['lm_head.weight'] = [outer.rows, outer.D];
  return {
    title,
    layers: parts.map(({ layer }) => layer),
    shapes,
    hyperparameters: { d_model: outer.D, tie_embeddings: outer.tied, ...hyperparameters },
  };
}

const recipes: Recipe[] = [
  recipe('untied Mamba with two taps', [mamba(0, 4, 2, 4, 1, 2), mamba(1, 4, 2, 4, 1, 2)], { D: 4, rows: 8, tied: false }, {
    n_layer: 2,
    vocab_size: 5,
    ssm_cfg: { layer: 'Mamba1', d_state: 2, d_conv: 2, expand: 1 },
  }),
  recipe('attention first, multi-query and rotary, with MLPs', [attention(0, 4, 2, 1, 4, 2), mlp(0, 4), mamba(1, 4, 1, 8, 2, 4), mlp(1, 4)], { D: 4, rows: 8, tied: true }, {
    n_layer: 2,
    vocab_size: 7,
    d_intermediate: 20,
    attn_layer_idx: [0],
    attn_cfg: { num_heads: 2, num_heads_kv: 1, head_dim: 4, rotary_emb_dim: 2 },
    ssm_cfg: { layer: 'Mamba1', d_state: 1, dt_rank: 2 },
  }),
  recipe('Mamba-2, attention last with biases', [mamba2(0, 4, 3, 2), attention(1, 4, 1, 1, 4, 0)], { D: 4, rows: 16, tied: true }, {
    n_layer: 2,
    vocab_size: 9,
    attn_layer_idx: [1],
    attn_cfg: { num_heads: 1, causal: true },
    ssm_cfg: { layer: 'Mamba2', d_state: 3, headdim: 2, chunk_size: 4 },
  }),
];

function draw({ shapes, title }: Recipe): Record<string, Float64Array> {
  const random = new Random(9, title);
  const values: Record<string, Float64Array> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const norm = /norm/.test(name);
    values[name] = Float64Array.from(
      Float32Array.from({ length: size(shape) }, () => (norm ? 1 : 0) + (norm ? 0.2 : 0.5) * random.normal()),
    );
  }
  return values;
}

const store = ({ shapes }: Recipe, prefix: string, values: Record<string, Float64Array>, into: Stored): void => {
  for (const [name, data] of Object.entries(values)) {
    into.set(prefix + name, { shape: shapes[name]!, data: Float32Array.from(data) });
  }
};

const idsOf = (count: number, below: number, name: string): Int32Array => {
  const random = new Random(2, name);
  return Int32Array.from({ length: count }, () => random.integer(below));
};

async function agree(json: Omit<CaseJson, 'tensors'>, tensors: Stored, devices = ['reference', 'cpu']): Promise<void> {
  for (const device of devices) {
    const report = await withCase({ ...json, tensors: {} } as CaseJson, tensors, (folder) => runGolden([folder], { device }));
    assert.equal(report.exitCode, 0, formatGoldenReport(report));
  }
}

describe('generated language model cases', function () {
  this.timeout(120_000);

  for (const one of recipes) {
    const family = one.layers.some(({ kind }) => kind === 'mamba2') ? 'mamba2' : 'mamba';
    const vocab = one.hyperparameters['vocab_size'] as number;
    const rows = one.shapes['backbone.embedding.weight']![0]!;

    it(`${family}.lm: ${one.title}`, async () => {
      const p = draw(one);
      const ids = idsOf(5, vocab, one.title);
      const tensors: Stored = new Map([['input.ids', { shape: [1, 5], data: ids }]]);
      store(one, 'param.', p, tensors);
      // The second MLP is as wide as the first; one of them is enough for finite differences.
      const names = Object.keys(one.shapes).filter((name) => !name.startsWith('backbone.layers.1.mlp.'));
      store(one, 'grad.param.', differences(p, (at) => slowLoss(ids, 1, at, one.layers), names), tensors);
      tensors.set('output.logits', { shape: [1, 5, rows], data: Float32Array.from(slowLogits(ids, 1, p, one.layers)) });
      tensors.set('output.loss', { shape: [], data: Float32Array.of(slowLoss(ids, 1, p, one.layers)) });
      const tolerance = { rtol: 2e-4, atol: 2e-5 };
      await agree({ target: `${family}.lm`, hyperparameters: one.hyperparameters, tolerance }, tensors);
    });

    it(`${family}.lm_generation: ${one.title}`, async () => {
      const p = draw(one);
      const [batch, prompt, fresh] = [2, 2, 5];
      const start = idsOf(batch * prompt, vocab, one.title);
      const tokens: number[] = [];
      const logprob: number[] = [];
      for (let b = 0; b < batch; b++) {
        const sequence = Array.from(start.subarray(b * prompt, (b + 1) * prompt));
        for (let k = 0; k < fresh; k++) {
          // Recomputed from the start for every token: no cached state.
          const row = Array.from(slowLogits(sequence, 1, p, one.layers).slice(-rows).subarray(0, vocab));
          const best = row.indexOf(Math.max(...row));
          logprob.push(row[best]! - Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)));
          tokens.push(best);
          sequence.push(best);
        }
      }
      const tensors: Stored = new Map([['input.prompt', { shape: [batch, prompt], data: start }]]);
      store(one, 'param.', p, tensors);
      tensors.set('output.tokens', { shape: [batch, fresh], data: Int32Array.from(tokens) });
      tensors.set('output.logprob', { shape: [batch, fresh], data: Float32Array.from(logprob) });
      const hyperparameters = { ...one.hyperparameters, prompt_length: prompt, new_tokens: fresh };
      const tolerance = { rtol: 1e-3, atol: 1e-4 };
      await agree({ target: `${family}.lm_generation`, hyperparameters, tolerance }, tensors);
    });
  }

  it('mamba.lm_training: no warm-up, tight clipping, other constants', async () => {
    const one = recipes[0]!;
    const [steps, batch, length] = [3, 1, 4];
    const [lr, wd, clip, eps] = [0.01, 0.2, 0.05, 1e-6];
    const betas = [0.8, 0.99] as const;
    const ids = idsOf(steps * batch * length, 5, 'training');
    const names = Object.keys(one.shapes);
    const noDecay = names.filter((_, i) => i % 3 === 0);
    let p = draw(one);
    const tensors: Stored = new Map([['input.ids', { shape: [steps, batch, length], data: ids }]]);
    store(one, 'param.', p, tensors);
    const zero = (): Record<string, Float64Array> =>
      Object.fromEntries(names.map((name) => [name, new Float64Array(size(one.shapes[name]!))]));
    const first = zero();
    const second = zero();
    const rows: Record<string, number[]> = { loss: [], grad_norm: [], lr: [] };
    for (let s = 0; s < steps; s++) {
      const window = ids.subarray(s * batch * length, (s + 1) * batch * length);
      const loss = (at: Record<string, Float64Array>): number => slowLoss(window, batch, at, one.layers);
      const gradient = differences(p, loss);
      const norm = Math.sqrt(names.reduce((sum, name) => sum + gradient[name]!.reduce((part, g) => part + g * g, 0), 0));
      const rate = (lr / 2) * (1 + Math.cos((Math.PI * s) / steps));
      rows['loss']!.push(loss(p));
      rows['grad_norm']!.push(norm);
      rows['lr']!.push(rate);
      const scale = Math.min(1, clip / (norm + 1e-6));
      p = Object.fromEntries(
        names.map((name) => [
          name,
          p[name]!.map((value, i) => {
            const g = gradient[name]![i]! * scale;
            first[name]![i] = betas[0] * first[name]![i]! + (1 - betas[0]) * g;
            second[name]![i] = betas[1] * second[name]![i]! + (1 - betas[1]) * g * g;
            const m = first[name]![i]! / (1 - betas[0] ** (s + 1));
            const v = second[name]![i]! / (1 - betas[1] ** (s + 1));
            return value * (1 - rate * (noDecay.includes(name) ? 0 : wd)) - (rate * m) / (Math.sqrt(v) + eps);
          }),
        ]),
      );
      if (s === 0) store(one, 'output.step1.', p, tensors);
    }
    store(one, 'output.final.', p, tensors);
    for (const [name, data] of Object.entries(rows)) {
      tensors.set(`output.${name}`, { shape: [steps], data: Float32Array.from(data) });
    }
    const hyperparameters = {
      ...one.hyperparameters,
      steps,
      warmup_steps: 0,
      lr,
      weight_decay: wd,
      eps,
      clip_norm: clip,
      betas,
      no_decay: noDecay,
    };
    await agree({ target: 'mamba.lm_training', hyperparameters, tolerance: { rtol: 2e-3, atol: 2e-3 } }, tensors);
  });
});
