/** @file What `inspect` computes of a layer, checked by what it has to be: matrices that reproduce the layer's output. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { analyse, analyses, analysisNames, offered } from '../../src/inspect/analyse';
import { look } from '../../src/inspect/inspect';
import { mixingOf, ownOf, type Mixing } from '../../src/inspect/mixing';
import type { Probe, Trace } from '../../src/inspect/spec';
import { kernel } from '../../src/analysis/lti';
import { survey } from '../../src/inspect/survey';
import { attributionOf, buildModel, type Model, type ModelData } from '../../src/models';

const LENGTH = 19;
const tokens = { kind: 'tokens', vocab_size: 11 } as const;
const nextToken: ModelData = { length: LENGTH, input: tokens, target: { kind: 'next-token' } };
const aClass: ModelData = { length: LENGTH, input: tokens, target: { kind: 'class', classes: 3 } };

/** Mixers whose layers are matrices: hidden attention @ x + D · x = y. */
interface Layer {
  readonly mixer: string;
  readonly [option: string]: unknown;
}
const filtering: readonly Layer[] = [
  { mixer: 's4d', d_state: 4 },
  { mixer: 's4d', d_state: 4, bidirectional: true },
  { mixer: 's4d', d_state: 4, channels: 2 },
  { mixer: 'dss', d_state: 4 },
  { mixer: 'long-conv', l_max: LENGTH },
  { mixer: 'long-conv', l_max: LENGTH, bidirectional: true },
  { mixer: 'h3', d_state: 4, head_dim: 2 },
  { mixer: 'mamba3', d_state: 4, headdim: 4 },
];
const matrices: readonly Layer[] = ['toeplitz', 'cauchy', 'low_rank', 'attention', 'quasiseparable'].map(
  (matrix_mixer_type) => ({ mixer: 'matrix-mixer', matrix_mixer_type, qk_dim: 2, headdim: 4, d_conv: 3 }),
);
const mixers: readonly Layer[] = [
  { mixer: 'mamba', d_state: 3 },
  { mixer: 'mamba2', d_state: 3, headdim: 4, ngroups: 2 },
  { mixer: 'hydra', d_state: 3, headdim: 4, d_conv: 3, ngroups: 2 },
  { mixer: 'mamba2', d_state: 3, headdim: 4, ngroups: 2, norm_groups: 1, gated_norm_eps: 0.1 },
];

function modelOf(layers: typeof mixers): Model {
  const causal = layers.every(
    ({ mixer, bidirectional, causal: looks }) =>
      !/hydra|matrix-mixer/.test(mixer) && bidirectional !== true && looks !== false,
  );
  return buildModel({
    model: { d_model: 8, layers: [...layers], norm: 'rms', norm_eps: 1e-5, tie_embeddings: causal },
    task: causal ? { type: 'language-model' } : { type: 'classification', pooling: 'mean' },
    data: causal ? nextToken : aClass,
  });
}

const ids = Array.from({ length: LENGTH }, (_, t) => (t * t + 3 * t) % 11);

async function traceOf(layers: typeof mixers, layer = 0): Promise<Trace> {
  const model = modelOf(layers);
  return (await look({ model, parameters: model.initialise(2), layer, ids, threads: 1 })).trace;
}

async function one(trace: Trace, name: string, options = {}): Promise<Probe> {
  const found = await analyse(trace, name, options);
  assert.ok(found?.[name], name);
  return found[name];
}

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void => {
  assert.equal(actual.length, expected.length);
  let size = 0;
  for (let i = 0; i < expected.length; i++) size = Math.max(size, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    assert.ok(error <= tolerance * size, `entry ${i}: ${actual[i]} and ${expected[i]}`);
  }
};

/** The largest weight of a key behind its query. */
function aheadIn(mixing: Mixing): number {
  let most = 0;
  for (let index = 0; index < mixing.count; index++)
    mixing.matrix(index).forEach((value, at) => {
      if (at % LENGTH > Math.floor(at / LENGTH)) most = Math.max(most, Math.abs(value));
    });
  return most;
}

describe('analyses of a layer', () => {
  for (const layer of [...mixers, ...filtering, ...matrices]) {
    it(`of ${Object.values(layer).join(' ')}: the matrix that is shown times its input is what comes out`, async () => {
      const trace = await traceOf([layer]);
      const mixing = mixingOf(trace)!;
      const { u, y, D, channels } = mixing;
      const made = new Float64Array(LENGTH * channels);
      for (let c = 0; c < channels; c++) {
        const matrix = mixing.matrix(ownOf(mixing, c));
        for (let i = 0; i < LENGTH; i++) {
          let sum = D[c]! * u![i * channels + c]!;
          for (let j = 0; j < LENGTH; j++) sum += matrix[i * LENGTH + j]! * u![j * channels + c]!;
          made[i * channels + c] = sum;
        }
      }
      close(made, y!, 1e-5);
      assert.equal(aheadIn(mixing) === 0, mixing.causal);
    });
  }

  for (const looksAhead of [false, true])
    for (const layer of [
      { mixer: 'attention', heads: 2, causal: !looksAhead },
      {
        mixer: 'sma',
        ...{ zdim: 4, ndim: 2, window_size: 3, bidirectional: looksAhead },
        attention_activation: 'softmax',
      },
    ])
      it(`of ${layer.mixer} that ${looksAhead ? 'looks ahead' : 'does not look ahead'}: the weights say so`, async () => {
        const trace = await traceOf([layer]);
        const mixing = mixingOf(trace)!;
        assert.equal(mixing.causal, !looksAhead);
        assert.equal(aheadIn(mixing) === 0, mixing.causal);
        // How far back a query reads is no measure of a layer that reads both ways.
        assert.equal(offered(trace).includes('receptive_field'), mixing.causal);
      });

  it('keep matrices for who asks again, as far as memory is given for it', async () => {
    const trace = await traceOf([filtering[0]!]);
    const [keeping, passing] = [mixingOf(trace)!, mixingOf(trace, 0)!];
    assert.equal(keeping.matrix(0), keeping.matrix(0));
    assert.notEqual(passing.matrix(0), passing.matrix(0));
    assert.deepEqual(passing.matrix(0), keeping.matrix(0));
  });

  it('of any matrix mixer: the survey holds both triangles', async () => {
    for (const layer of matrices) {
      const model = modelOf([layer]);
      const { surveys } = await survey({ model, parameters: model.initialise(2), ids, threads: 1 });
      const { kind, causal, probes } = surveys[0]!;
      const quasi = layer['matrix_mixer_type'] === 'quasiseparable';
      assert.deepEqual([kind, causal], [quasi ? 'quasiseparable' : 'matrix', false]);
      const mean = probes['hidden_attention_mean']!.data;
      assert.ok(mean[1]! > 0 && mean[LENGTH]! > 0, String(layer['matrix_mixer_type']));
    }
  });

  it('of a diagonal layer: the modes give the kernel, its energy and its start', async () => {
    const model = modelOf([filtering[0]!]);
    const trained = new Map(
      [...model.initialise(2)].map(([name, values]) => [name, values.map((w) => w * 1.1)]),
    );
    const { trace } = await look({
      model,
      parameters: trained,
      initial: model.initialise(2),
      layer: 0,
      ids,
      threads: 1,
    });
    const found = (await analyse(trace, 'lti_kernel'))!;
    const [, count, length] = found['kernel']!.shape as [number, number, number];
    close(found['kernel']!.data, trace.probes['kernel']!.data, 1e-6);
    const states = found['residues']!.shape[1]!;
    for (let c = 0; c < count; c++) {
      const part = (name: string) => found[name]!.data.subarray(c * 2 * states, (c + 1) * 2 * states);
      const made = kernel({ a: part('eig_discrete'), r: part('residues') }, length);
      close(made, found['kernel']!.data.subarray(c * length, (c + 1) * length), 1e-4);
    }
    assert.notDeepEqual(found['kernel_initial']!.data, found['kernel']!.data);
    const start = await look({ model, parameters: model.initialise(2), layer: 0, ids, threads: 1 });
    close(found['kernel_initial']!.data, start.trace.probes['kernel']!.data, 1e-6);
    const hankel = (await one(trace, 'hankel_singular_values')).data;
    assert.ok(hankel[0]! >= hankel[1]! && hankel[1]! >= 0);
  });

  for (const layer of mixers) {
    const { mixer } = layer;
    const name = Object.values(layer).join(' ');

    it(`of ${name}: hidden attention times the scan's input, with the skip, is its output`, async () => {
      const trace = await traceOf([layer]);
      const { data, shape } = await one(trace, 'hidden_attention');
      const [count, length] = shape as [number, number, number];
      const { x, y, D } = trace.seen;
      const channels = x!.length / length;
      const skip = mixer === 'hydra' ? undefined : D;
      const made = new Float64Array(length * channels);
      for (let c = 0; c < channels; c++) {
        const own = Math.floor((c * count) / channels) * length * length;
        for (let i = 0; i < length; i++) {
          let sum = (skip?.[c] ?? 0) * x![i * channels + c]!;
          for (let j = 0; j < length; j++) sum += data[own + i * length + j]! * x![j * channels + c]!;
          made[i * channels + c] = sum;
        }
      }
      close(made, y!, 2e-6);
      const error = await one(trace, 'reconstruction_error');
      assert.ok(error.data[0]! < 2e-6, `${error.data[0]}`);
    });

    it(`of ${name}: the whole block as a matrix, through out_proj, is the layer's output`, async () => {
      const trace = await traceOf([layer]);
      const { data: G } = await one(trace, 'implicit_attention');
      const { data: bias, shape } = await one(trace, 'implicit_bias');
      const [length, channels] = shape as [number, number];
      // The convolution's input is a part of in_proj.
      const W = trace.own['in_proj.weight']!;
      const from = mixer === 'mamba' ? 0 : channels;
      const out = trace.own['out_proj.weight']!;
      const d = trace.d_model;
      const made = new Float64Array(length * d);
      for (let c = 0; c < channels; c++) {
        const u = Float64Array.from({ length }, (_, t) => {
          let sum = 0;
          for (let k = 0; k < d; k++) sum += trace.input[t * d + k]! * W[(from + c) * d + k]!;
          return sum;
        });
        for (let i = 0; i < length; i++) {
          let sum = bias[i * channels + c]!;
          for (let j = 0; j < length; j++) sum += G[(c * length + i) * length + j]! * u[j]!;
          for (let k = 0; k < d; k++) made[i * d + k]! += out[k * channels + c]! * sum;
        }
      }
      close(made, trace.output, 3e-6);
    });

    it(`of ${name}: every array that is offered has its shape and only finite numbers`, async () => {
      const trace = await traceOf([layer, { mixer: 'attention', heads: 2, causal: mixer !== 'hydra' }]);
      for (const group of offered(trace)) {
        for (const [part, { shape, axes, data, description }] of Object.entries(
          (await analyse(trace, group))!,
        )) {
          assert.equal(shape.length, axes.length, part);
          assert.equal(
            data.length,
            shape.reduce((size, extent) => size * extent, 1),
            part,
          );
          assert.ok(data.every(Number.isFinite), part);
          assert.ok(description.length > 10, part);
        }
      }
    });
  }

  it('of attention: weights of every row sum to one and are their own hidden attention', async () => {
    const trace = await traceOf([{ mixer: 'attention', heads: 2 }]);
    const { data } = await one(trace, 'hidden_attention');
    close(data, trace.seen['attention']!, 0);
    assert.deepEqual(offered(trace).includes('memory'), false);
  });

  it('in tiles agree with the exact matrix', async () => {
    const trace = await traceOf([mixers[0]!]);
    const matrix = (await one(trace, 'hidden_attention')).data;
    const rms = (await one(trace, 'hidden_attention_tiles', { tiles: 5 })).data;
    const largest = (await one(trace, 'tile_largest', { tiles: 5, channels: [3] })).data;
    const edges = (await one(trace, 'tile_edges', { tiles: 5 })).data;
    const count = matrix.length / LENGTH ** 2;
    for (let I = 0; I < 5; I++) {
      for (let J = 0; J <= I; J++) {
        let squares = 0;
        let pairs = 0;
        let most = 0;
        for (let i = edges[I]!; i < edges[I + 1]!; i++)
          for (let j = edges[J]!; j < Math.min(i + 1, edges[J + 1]!); j++) {
            pairs++;
            for (let c = 0; c < count; c++) squares += matrix[(c * LENGTH + i) * LENGTH + j]! ** 2 / count;
            const own = matrix[(3 * LENGTH + i) * LENGTH + j]!;
            if (Math.abs(own) > Math.abs(most)) most = own;
          }
        const expected = Math.sqrt(squares / pairs);
        assert.ok(Math.abs(rms[I * 5 + J]! - expected) < 1e-5 * expected + 1e-9, `tile ${I}, ${J}`);
        assert.equal(largest[I * 5 + J], Math.fround(most));
      }
    }
  });

  it('gives the chosen channels alone, and refuses one that is not there', async () => {
    const trace = await traceOf([mixers[0]!]);
    const all = (await one(trace, 'hidden_attention')).data;
    const some = await one(trace, 'hidden_attention', { channels: [2, 5] });
    assert.deepEqual(some.labels, { channel: [2, 5] });
    assert.deepEqual(some.data.subarray(LENGTH ** 2), all.subarray(5 * LENGTH ** 2, 6 * LENGTH ** 2));
    await assert.rejects(
      () => analyse(trace, 'hidden_attention', { channels: [16] }),
      /channel 16; there are 0 … 15/,
    );
  });

  it('of the model: the last row of the lens is the answer, its distance to itself 0', async () => {
    const trace = await traceOf([mixers[0]!, mixers[1]!]);
    const kl = await one(trace, 'lens_kl_to_final');
    assert.deepEqual(kl.shape, [3, LENGTH]);
    assert.ok(kl.data.subarray(2 * LENGTH).every((value) => Math.abs(value) < 1e-6));
    assert.ok(kl.data.every((value) => value > -1e-6));
    const cka = await one(trace, 'cka');
    for (let k = 0; k < 3; k++) assert.ok(Math.abs(cka.data[k * 4]! - 1) < 1e-6);
  });

  it('of the model: gradient × input is how the logit follows a scaled embedding', async () => {
    const trace = await traceOf([mixers[2]!]);
    const found = await one(trace, 'gradient_times_input_token');
    const total = found.data.reduce((sum, value) => sum + value, 0);
    const answer = found.labels!['answer']![0] as number;
    const { model, parameters } = trace;
    const logit = (scale: number): number => {
      const values: Record<string, Float32Array> = Object.fromEntries(parameters);
      const name = 'backbone.embedding.weight';
      const feeds = {
        ...values,
        inputs: Float32Array.from(ids),
        share: Float32Array.of(1),
        [name]: parameters.get(name)!.map((w) => w * scale),
      };
      return g.interpret([attributionOf(model, LENGTH)['last']!], feeds)[0]![answer]!;
    };
    const slope = (logit(1.01) - logit(0.99)) / 0.02;
    assert.ok(Math.abs(slope - total) < 1e-3 * Math.abs(slope) + 1e-6, `${slope} and ${total}`);
  });

  it('have names of their own', () => {
    for (const { parts } of Object.values(analyses)) assert.equal(new Set(parts).size, parts.length);
    assert.ok(analysisNames().includes('half_life'));
  });
});

describe('a survey', () => {
  it('shows every layer: means, contributions and the strongest matrices', async () => {
    const model = modelOf([mixers[0]!, { mixer: 'attention', heads: 2 }, { mixer: 'mlp', multiple_of: 4 }]);
    const { surveys, tokens: seen } = await survey({
      model,
      parameters: model.initialise(2),
      ids,
      threads: 1,
    });
    assert.equal(seen.length, LENGTH);
    assert.deepEqual(
      surveys.map(({ mixer, kind }) => [mixer, kind]),
      [
        ['mamba', 'scan'],
        ['attention', 'attention'],
        ['mlp', undefined],
      ],
    );
    const [scan, attention] = surveys;
    assert.deepEqual(scan!.probes['hidden_attention_strongest']!.shape, [4, LENGTH, LENGTH]);
    assert.deepEqual(scan!.probes['half_life']!.shape, [16, 3]);
    const trace = await traceOf([mixers[0]!]);
    close(scan!.probes['contribution']!.data, (await one(trace, 'contribution')).data, 1e-6);
    const mean = attention!.probes['hidden_attention_mean']!.data;
    for (let i = 0; i < LENGTH; i++) {
      const sum = mean.subarray(i * LENGTH, (i + 1) * LENGTH).reduce((total, value) => total + value, 0);
      assert.ok(Math.abs(sum - 1) < 1e-5);
    }
  });

  it('of a long sequence is pooled to tiles that keep the largest entry', async () => {
    const model = modelOf([mixers[0]!]);
    const long = Array.from({ length: 300 }, (_, t) => (t * 7) % 11);
    const request = { model, parameters: model.initialise(2), ids: long, threads: 1 };
    const [found] = (await survey(request)).surveys;
    const exact = (await look({ ...request, layer: 0 })).trace;
    const mean = (await one(exact, 'hidden_attention_mean')).data;
    const tiles = found!.probes['hidden_attention_mean']!.data;
    assert.equal(found!.edges!.length, 129);
    const most = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    assert.ok(Math.abs(most(tiles) - most(mean)) < 1e-7);
  });
});
