/**
 * @file Cases of the further mixers that nobody stored: other sizes and options than the authors' cases, made from
 * plain loops and finite differences, run through the runner like any folder.
 */
import * as assert from 'node:assert/strict';
import { formatGoldenReport, runGolden } from '../../src/golden';
import { Random } from '../../src/util/random';
import { setUp, type Variant } from '../layers/check-layer';
import type { Values } from '../layers/slow';
import { slowHydra } from '../layers/slow-hydra';
import { slowMamba3 } from '../layers/slow-mamba3';
import { slowMatrixMixer } from '../layers/slow-matrix-mixer';
import { slowSma } from '../layers/slow-sma';
import { slowSpacetime } from '../layers/slow-spacetime';
import { withCase, type Stored } from './folder';
import { differences, slowLogits, slowLoss, type SlowLayer } from './slow-model';

const TOLERANCE = { rtol: 3e-4, atol: 3e-5, max_norm: 0.01 };
const single = (values: ArrayLike<number>): Float64Array => Float64Array.from(Float32Array.from(values));

async function agree(
  target: string,
  hyperparameters: Record<string, unknown>,
  tensors: Stored,
  code = 0,
): Promise<void> {
  const json = { target, hyperparameters, tensors: {}, tolerance: TOLERANCE };
  for (const device of ['reference', 'cpu']) {
    const report = await withCase(json, tensors, (folder) => runGolden([folder], { device }));
    assert.equal(report.exitCode, code, formatGoldenReport(report));
  }
}

/** A layer as setUp draws it, in float32 numbers. */
function draw(variant: Variant) {
  const made = setUp(variant);
  const point: Record<string, Float64Array> = { x: single(made.x) };
  for (const [name, value] of Object.entries(made.values)) point[name] = single(value);
  return { ...made, point };
}

type Slow = (x: Float64Array, shape: readonly [number, number, number], p: Values, resolved: never) => Float64Array;

/** Output, cotangent and all gradients of one layer, under the names of the case. */
function layerCase(variant: Variant, slow: Slow, input: string, part = ''): Stored {
  const { resolved, specs, shape, random, point } = draw(variant);
  const run = ({ x: at, ...p }: Record<string, Float64Array>): Float64Array => slow(at!, shape, p, resolved as never);
  const y = run(point);
  const cotangent = single(y.map(() => random.normal()));
  const gradients = differences(point, (at) => run(at).reduce((sum, value, i) => sum + value * cotangent[i]!, 0));
  const tensors: Stored = new Map();
  const put = (name: string, extents: readonly number[], data: ArrayLike<number>): void => {
    tensors.set(name, { shape: extents, data: Float32Array.from(data) });
  };
  for (const [name, spec] of Object.entries(specs)) {
    put(`param.${part}${name}`, spec.shape, point[name]!);
    put(`grad.param.${part}${name}`, spec.shape, gradients[name]!);
  }
  put(`input.${part}${input}`, shape, point['x']!);
  put(`grad.input.${part}${input}`, shape, gradients['x']!);
  put(`output.${part}y`, shape, y);
  put(part === '' ? 'cotangent' : `cotangent.${part.slice(0, -1)}`, shape, cotangent);
  return tensors;
}

describe('generated golden cases of further mixers', function () {
  this.timeout(120_000);

  const blocks: [target: string, mixer: string, slow: Slow, options: Record<string, unknown>, sizes: number[]][] = [
    ['hydra.block', 'hydra', slowHydra as Slow, { d_state: 2, headdim: 2, ngroups: 4, d_conv: 5, chunk_size: 4 }, [4, 1, 9]],
    ['hydra.block', 'hydra', slowHydra as Slow, { d_state: 3, headdim: 3, expand: 1, bias: true, learnable_init_states: true }, [3, 2, 1]],
    ['mamba3.siso_block', 'mamba3', slowMamba3 as Slow, { d_state: 6, headdim: 2, ngroups: 2, rope_fraction: 1 }, [4, 1, 5]],
    ['mamba3.siso_block', 'mamba3', slowMamba3 as Slow, { d_state: 4, headdim: 3, expand: 1, is_outproj_norm: true }, [3, 3, 7]],
    ['mamba3.mimo_block', 'mamba3', slowMamba3 as Slow, { d_state: 4, headdim: 2, is_mimo: true, mimo_rank: 3, ngroups: 2 }, [2, 1, 5]],
  ];
  for (const [target, mixer, slow, options, [d_model, batch, length]] of blocks) {
    it(`${target} ${JSON.stringify(options)}, d_model ${d_model}, batch ${batch}, length ${length}`, async () => {
      const variant = { mixer, options, d_model: d_model!, batch: batch!, length: length! };
      await agree(target, { ...options, batch, length, d_model }, layerCase(variant, slow, 'u'));
    });
  }

  it('a changed entry is refused', async () => {
    const variant = { mixer: 'hydra', options: { d_state: 2, headdim: 2 }, d_model: 2, batch: 1, length: 4 };
    const tensors = layerCase(variant, slowHydra as Slow, 'u');
    tensors.get('grad.param.D')!.data[1]! *= 1.1;
    await agree('hydra.block', { d_state: 2, headdim: 2, d_model: 2 }, tensors, 1);
  });

  it('hydra.matrix_mixers with one head, and two variants in another order', async () => {
    const tensors: Stored = new Map();
    const variants = ['toeplitz-dd', 'quasiseparable-di', 'dense-di'];
    for (const name of variants) {
      const [matrix_mixer_type, kind] = name.split('-');
      const options = {
        matrix_mixer_type,
        is_data_dependent: kind === 'dd',
        ...{ headdim: 4, qk_dim: 2, max_seq_len: 5, d_conv: 1, toeplitz_index: 'released' },
      };
      const variant = { mixer: 'matrix-mixer', options, d_model: 2, batch: 1, length: 5 };
      for (const [key, value] of layerCase(variant, slowMatrixMixer as Slow, 'u', `${name}.`)) tensors.set(key, value);
    }
    const sizes = { d_model: 2, headdim: 4, qk_dim: 2, d_conv: 1, expand: 2, batch: 1, length: 5, max_seq_len: 5 };
    await agree('hydra.matrix_mixers', { ...sizes, variants }, tensors);
    await agree('hydra.matrix_mixers', { ...sizes, variants: ['attention-di'] }, tensors, 2);
  });

  for (const [options, [d_model, batch, length]] of [
    [{ zdim: 2, hdim: 3, ndim: 1, window_size: 2, attention_activation: 'softmax', max_positions: 12 }, [4, 3, 9]],
    [{ zdim: 3, hdim: 2, ndim: 2, window_size: 9, bidirectional: true, max_positions: 6 }, [3, 2, 11]],
  ] as const) {
    it(`seqboat.layer ${JSON.stringify(options)}`, async () => {
      const variant = { mixer: 'sma', options, d_model, batch, length };
      const tensors = layerCase(variant, slowSma as Slow, 'x');
      // Time first there.
      for (const name of ['input.x', 'grad.input.x', 'output.y', 'cotangent']) {
        const { data } = tensors.get(name)!;
        const swapped = data.map((_, i) => {
          const [t, b] = [Math.floor(i / (batch * d_model)), Math.floor(i / d_model) % batch];
          return data[(b * length + t) * d_model + (i % d_model)]!;
        });
        tensors.set(name, { shape: [length, batch, d_model], data: swapped });
      }
      const { resolved, shape, point } = draw(variant);
      const gates: number[][] = [];
      slowSma(point['x']!, shape, point, resolved as never, (rows) => gates.push(...rows));
      const probability = gates.map(([skip, act]) => 1 / (1 + Math.exp(skip! - act!)));
      const active = Int32Array.from(gates, ([skip, act]) => Number(act! > skip!));
      assert.ok(active.includes(0) && active.includes(1), 'some tokens are active, some are not');
      tensors.set('output.active', { shape: [batch, length], data: active });
      const both = Float32Array.from(probability.flatMap((act) => [1 - act, act]));
      tensors.set('output.router_prob', { shape: [batch, length, 2], data: both });
      const fixed = { embed_dim: d_model, batch, length, norm_type: 'layernorm', prenorm: true, dropout: 0 };
      await agree('seqboat.layer', { bidirectional: false, attention_activation: 'relu2', ...options, ...fixed }, tensors);
    });
  }

  for (const [n_kernels, head_dim, kernel_dim, norm_order, length] of [
    [1, 3, 4, 2, 6],
    [3, 1, 7, 1, 5],
  ] as const) {
    it(`spacetime.companion with ${n_kernels} kernels of ${kernel_dim}, length ${length}`, async () => {
      const d_model = n_kernels * head_dim;
      const options = { n_kernels, kernel_dim, norm_order, skip_connection: true, mlp_layers: 0, residual: false };
      const variant = { mixer: 'spacetime', options, d_model, batch: 1, length };
      const stored = layerCase(variant, slowSpacetime as Slow, 'u');
      const tensors: Stored = new Map([...stored].map(([name, value]) => [name.replace('param.ssm.', 'param.'), value]));
      const { resolved, point } = draw(variant);
      const { 'ssm.skip': _skip, ...open } = point;
      const impulse = new Float64Array(length * d_model);
      impulse.fill(1, 0, d_model);
      const response = slowSpacetime(impulse, [1, length, d_model], open, resolved as never);
      const kernel = Float32Array.from({ length: n_kernels * length }, (_, i) => {
        return response[(i % length) * d_model + Math.floor(i / length) * head_dim]!;
      });
      tensors.set('output.kernel', { shape: [n_kernels, length], data: kernel });
      const sizes = { batch: 1, length, n_kernels, head_dim, kernel_dim, norm_order };
      await agree('spacetime.companion', { ...sizes, skip_connection: true }, tensors);
    });
  }

  it('hybrid.stack with attention first, more heads than d_model, and two MLPs in a row', async () => {
    const [D, rows, heads, kv, W] = [4, 6, 3, 1, 2];
    const shapes: Record<string, readonly number[]> = {
      'backbone.embedding.weight': [rows, D],
      'layers.0.norm.weight': [D],
      'layers.0.mixer.in_proj.weight': [(heads + 2 * kv) * W, D],
      'layers.0.mixer.out_proj.weight': [D, heads * W],
      'backbone.norm_f.weight': [D],
      'lm_head.weight': [rows, D],
    };
    const layers: SlowLayer[] = [
      {
        norm: 'layers.0.norm.',
        mixer: 'layers.0.mixer.',
        kind: 'attention',
        options: { heads, num_heads_kv: kv, head_dim: W, causal: true, rotary_emb_dim: 0, rotary_emb_base: 10000 },
      },
    ];
    for (const i of [1, 2]) {
      shapes[`layers.${i}.norm.weight`] = [D];
      shapes[`layers.${i}.mixer.fc1.weight`] = [4 * D, D];
      shapes[`layers.${i}.mixer.fc2.weight`] = [D, 4 * D];
      const options = { activation: 'gelu', d_hidden: 4 * D };
      layers.push({ norm: `layers.${i}.norm.`, mixer: `layers.${i}.mixer.`, kind: 'mlp', options });
    }
    const random = new Random(4, 'hybrid');
    const point: Record<string, Float64Array> = {};
    for (const [name, shape] of Object.entries(shapes)) {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const start = /norm/.test(name) ? 1 : 0;
      point[name] = single(Array.from({ length: count }, () => start + 0.5 * random.normal()));
    }
    const ids = Int32Array.of(5, 2, 0, 3, 3, 1, 4, 0);
    const gradients = differences(point, (at) => slowLoss(ids, 2, at, layers));
    const tensors: Stored = new Map();
    const theirs: Record<string, string> = {
      'backbone.embedding.weight': 'embedding.weight',
      'backbone.norm_f.weight': 'final_norm.weight',
      'lm_head.weight': 'output_layer.weight',
      'layers.0.mixer.out_proj.weight': 'layers.0.mixer.linear_proj.weight',
    };
    for (const [name, shape] of Object.entries(shapes)) {
      for (const [prefix, from] of [['param.', point], ['grad.param.', gradients]] as const) {
        const data = Float32Array.from(from[name]!);
        if (name !== 'layers.0.mixer.in_proj.weight') {
          const other = theirs[name] ?? name.replace(/\.(fc[12])\./, '.linear_$1.');
          tensors.set(prefix + other, { shape, data });
          continue;
        }
        let at = 0;
        for (const [part, count] of [['q', heads], ['k', kv], ['v', kv]] as const) {
          const end = at + count * W * D;
          tensors.set(`${prefix}layers.0.mixer.linear_${part}.weight`, { shape: [count * W, D], data: data.slice(at, end) });
          at = end;
        }
      }
    }
    tensors.set('input.ids', { shape: [2, 4], data: ids });
    tensors.set('output.logits', { shape: [2, 4, rows], data: Float32Array.from(slowLogits(ids, 2, point, layers)) });
    tensors.set('output.loss', { shape: [1], data: Float32Array.of(slowLoss(ids, 2, point, layers)) });
    const sizes = { vocab: rows, d_model: D, batch: 2, length: 4, heads, kv_heads: kv, head_dim: W };
    await agree('hybrid.stack', { pattern: '*--', ...sizes, mlp: '4x' }, tensors);
    await agree('hybrid.stack', { pattern: '*-x', ...sizes }, tensors, 2);
  });
});
