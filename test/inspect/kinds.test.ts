/**
 * @file Analyses of every kind of layer that has them, against numbers from another way: the recurrence of the layer's
 * own probes, sums over taps, differences of the output.
 */
import * as assert from 'node:assert/strict';
import { analyse, analyses, offered } from '../../src/inspect/analyse';
import { look } from '../../src/inspect/inspect';
import type { Probe, Trace } from '../../src/inspect/spec';
import { attributionOf, buildModel, type Model, type ModelData } from '../../src/models';
import * as g from '../../src/graph';

const LENGTH = 13;
const ids = Array.from({ length: LENGTH }, (_, t) => (t * t + 3 * t) % 11);

type Layer = Readonly<Record<string, unknown>> & { readonly mixer: string };

function modelOf(layers: readonly Layer[], causal = true): Model {
  const input = { kind: 'tokens', vocab_size: 11 } as const;
  return buildModel({
    model: { d_model: 8, layers: [...layers], norm: 'rms', norm_eps: 1e-5, tie_embeddings: causal },
    task: causal ? { type: 'language-model' } : { type: 'classification', pooling: 'mean' },
    data: { length: LENGTH, input, target: causal ? { kind: 'next-token' } : { kind: 'class', classes: 3 } },
  });
}

/** Numbers for what starts as zero, so that nothing is right by chance. */
const stirred = (model: Model): Map<string, Float32Array> =>
  new Map(
    [...model.initialise(3)].map(([name, values]) => [
      name,
      /init_states|bias/.test(name) ? values.map((value, i) => value + 0.3 * Math.sin(i + 1)) : values,
    ]),
  );

async function traceOf(layer: Layer, causal = true, inputs: readonly number[] = ids): Promise<Trace> {
  const model = modelOf([layer], causal);
  return (await look({ model, parameters: stirred(model), layer: 0, ids: inputs, threads: 1 })).trace;
}

async function group(trace: Trace, name: string) {
  const { parts, applies, compute } = analyses[name]!;
  assert.ok(applies(trace), name);
  return compute(trace, new Set(parts), {});
}

const near = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void => {
  assert.equal(actual.length, expected.length, what);
  let size = 0;
  for (let i = 0; i < expected.length; i++) size = Math.max(size, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++)
    assert.ok(
      Math.abs(actual[i]! - expected[i]!) <= tolerance * size,
      `${what} entry ${i}: ${actual[i]} and ${expected[i]}`,
    );
};

describe('modes of filters', () => {
  for (const layer of [
    { mixer: 'dss', d_state: 4, kernel: 'exp' },
    { mixer: 'dss', d_state: 4, kernel: 'softmax' },
    { mixer: 's4d', d_state: 4, disc: 'bilinear', channels: 2 },
    { mixer: 'h3', d_state: 4, head_dim: 2 },
  ])
    it(`of ${Object.values(layer).join(' ')} make the kernel, its response and its energy`, async () => {
      const found = await group(await traceOf(layer), 'lti_kernel');
      const { data: taps, shape } = found['kernel']!;
      const length = shape.at(-1)!;
      const states = found['residues']!.shape[1]!;
      const count = found['residues']!.shape[0]!;
      for (let c = 0; c < count; c++) {
        const [a, r] = ['eig_discrete', 'residues'].map((name) =>
          Float64Array.from(found[name]!.data.subarray(2 * c * states, 2 * (c + 1) * states)),
        ) as [Float64Array, Float64Array];
        // K by repeated products, far beyond the sequence: 2 Re Σ r aᵗ.
        const long = new Float64Array(60_000);
        for (let n = 0; n < states; n++) {
          let [x, y] = [r[2 * n]!, r[2 * n + 1]!];
          for (let t = 0; t < long.length; t++) {
            long[t]! += 2 * x;
            [x, y] = [x * a[2 * n]! - y * a[2 * n + 1]!, x * a[2 * n + 1]! + y * a[2 * n]!];
          }
        }
        near(long.subarray(0, length), taps.subarray(c * length, (c + 1) * length), 2e-5);
        const energy = long.reduce((sum, value) => sum + value * value, 0);
        near([found['h2_norm']!.data[c]!], [Math.sqrt(energy)], 1e-4);
        const total = long.reduce((sum, value) => sum + value, 0);
        const response = found['frequency_response']!;
        const at0 = response.data[c * response.shape[1]! * 2]!;
        assert.ok(
          Math.abs(at0 - total) < 1e-4 * Math.sqrt(energy) + 1e-3 * Math.abs(total),
          `${at0}, ${total}`,
        );
      }
    });

  it('that fade slowly keep the digits of their half-lives', async () => {
    const trace = await traceOf({ mixer: 's4d', d_state: 4, dt_min: 1e-6, dt_max: 2e-6 });
    const found = await group(trace, 'lti_kernel');
    const [A, delta] = [trace.seen['A']!, trace.seen['delta']!];
    const expected = Float64Array.from(
      { length: A.length / 2 },
      (_, i) => Math.LN2 / (-A[2 * i]! * delta[i >> 1]!),
    );
    near(found['half_life']!.data, expected, 1e-6);
  });

  it('that grow have no infinite kernel: what is told is of the taps that are there', async () => {
    const model = modelOf([{ mixer: 'dss', d_state: 4 }]);
    const parameters = new Map(
      [...stirred(model)].map(([name, values]) => [
        name,
        name.endsWith('A_real') ? values.map((value) => -value) : values,
      ]),
    );
    const { trace } = await look({ model, parameters, layer: 0, ids, threads: 1 });
    const found = await group(trace, 'lti_kernel');
    const { data } = found['kernel']!;
    for (let c = 0; c < 8; c++) {
      const taps = data.subarray(c * LENGTH, (c + 1) * LENGTH);
      near([found['h2_norm']!.data[c]!], [Math.hypot(...taps)], 1e-5);
      near([found['energy_fraction']!.data[(c + 1) * LENGTH - 1]!], [1], 1e-6);
    }
    assert.equal(await analyse(trace, 'gramians'), undefined);
  });

  it('are not there for S4, SpaceTime and free kernels, but response and energy of the taps are', async () => {
    for (const layer of [
      { mixer: 's4', d_state: 4 },
      { mixer: 'long-conv' },
      { mixer: 'spacetime', kernel_dim: 3, n_kernels: 2, skip_connection: true },
    ]) {
      const found = await group(await traceOf(layer), 'lti_kernel');
      const { data, shape } = found['kernel']!;
      const length = shape[2]!;
      for (let c = 0; c < shape[1]!; c++) {
        const taps = data.subarray(c * length, (c + 1) * length);
        const sum = taps.reduce((total, value) => total + value, 0);
        near([found['frequency_response']!.data[c * 257 * 2]!], [sum], 1e-5);
        near([found['h2_norm']!.data[c]!], [Math.hypot(...taps)], 1e-5);
      }
      assert.equal(found['eig_continuous'] !== undefined, layer.mixer === 's4');
      assert.equal(found['half_life'], undefined);
    }
  });
});

/** Layers that begin from a learned state, and others whose blocks are matrices. */
const blocks: readonly (readonly [Layer, boolean])[] = [
  [{ mixer: 'mamba2', d_state: 3, headdim: 4, ngroups: 2, learnable_init_states: true }, true],
  [{ mixer: 'hydra', d_state: 3, headdim: 4, d_conv: 3, learnable_init_states: true }, false],
  [{ mixer: 'mamba3', d_state: 4, headdim: 4 }, true],
  [{ mixer: 'mamba3', d_state: 4, headdim: 4, is_outproj_norm: true, ngroups: 2 }, true],
  [{ mixer: 'h3', d_state: 4, head_dim: 2 }, true],
  [{ mixer: 'attention', heads: 4, num_heads_kv: 2, qkv_proj_bias: false, rotary_emb_dim: 2 }, true],
  [{ mixer: 'attention', heads: 2, num_heads_kv: 1, qkv_proj_bias: false, d_conv: 3 }, true],
  [{ mixer: 'spacetime', kernel_dim: 3, n_kernels: 2, skip_connection: true }, true],
];

describe('layers as matrices', () => {
  for (const [layer, causal] of blocks) {
    const name = Object.values(layer).join(' ');
    if (layer.mixer !== 'attention')
      it(`of ${name}: with what belongs to no token they give the output`, async () => {
        const found = await group(await traceOf(layer, causal), 'hidden_attention');
        assert.ok(
          found['reconstruction_error']!.data[0]! < 1e-5,
          `${found['reconstruction_error']!.data[0]}`,
        );
      });
    if (layer.mixer === 'spacetime') continue;
    it(`of ${name}: the whole block, through both maps, is the layer's output`, async () => {
      const trace = await traceOf(layer, causal);
      const found = await group(trace, 'implicit_attention');
      const { data: G, shape } = found['implicit_attention']!;
      const bias = found['implicit_bias']?.data;
      const { own, input, d_model, resolved, mixer } = trace;
      const W = own[mixer === 'h3' ? 'v_proj.weight' : 'in_proj.weight']!;
      const b = own[mixer === 'h3' ? 'v_proj.bias' : 'in_proj.bias'];
      const out = own[mixer === 'h3' ? 'output_linear.weight' : 'out_proj.weight']!;
      const channels = out.length / d_model;
      const [heads, kept, width] = ['heads', 'num_heads_kv', 'head_dim'].map((key) => Number(resolved[key]));
      const H = shape[0]!;
      const P = channels / H;
      const made = new Float64Array(LENGTH * d_model);
      for (let c = 0; c < channels; c++) {
        const head = Math.floor(c / width!);
        const row =
          mixer === 'h3'
            ? c
            : mixer === 'attention'
              ? (heads! + kept! + Math.floor((head * kept!) / heads!)) * width! + (c % width!)
              : channels + c;
        const u = Float64Array.from({ length: LENGTH }, (_, t) => {
          let sum = b?.[row] ?? 0;
          for (let k = 0; k < d_model; k++) sum += input[t * d_model + k]! * W[row * d_model + k]!;
          return sum;
        });
        const own_ = Math.floor((c * H) / channels);
        const column = mixer === 'h3' ? (c % P) * H + Math.floor(c / P) : c;
        for (let i = 0; i < LENGTH; i++) {
          let sum = bias?.[i * channels + c] ?? 0;
          for (let j = 0; j < LENGTH; j++) sum += G[(own_ * LENGTH + i) * LENGTH + j]! * u[j]!;
          for (let k = 0; k < d_model; k++) made[i * d_model + k]! += out[k * channels + column]! * sum;
        }
      }
      const outer = own[mixer === 'h3' ? 'output_linear.bias' : 'out_proj.bias'];
      if (outer) made.forEach((_, i) => (made[i]! += outer[i % d_model]!));
      near(made, trace.output, 1e-5);
      // ‖J[i, j]‖ of the last query and the first key, from the definition.
      const i = LENGTH - 1;
      let squares = 0;
      for (let d = 0; d < d_model; d++)
        for (let e = 0; e < d_model; e++) {
          let sum = 0;
          for (let c = 0; c < channels; c++) {
            const head = Math.floor(c / width!);
            const row =
              mixer === 'h3'
                ? c
                : mixer === 'attention'
                  ? (heads! + kept! + Math.floor((head * kept!) / heads!)) * width! + (c % width!)
                  : channels + c;
            const column = mixer === 'h3' ? (c % P) * H + Math.floor(c / P) : c;
            sum +=
              out[d * channels + column]! *
              G[(Math.floor((c * H) / channels) * LENGTH + i) * LENGTH]! *
              W[row * d_model + e]!;
          }
          squares += sum ** 2;
        }
      near([found['block_norm']!.data[i * LENGTH]!], [Math.sqrt(squares)], 1e-4);
    });
  }
});

describe('memory', () => {
  it('of Mamba-3, whose rates depend on the token, and of both scans of Hydra', async () => {
    const m3 = await traceOf({ mixer: 'mamba3', d_state: 4, headdim: 4 });
    const found = await group(m3, 'memory');
    const kept = m3.seen['A_bar']!;
    const heads = kept.length / LENGTH;
    const rate = Float64Array.from({ length: heads }, (_, h) => {
      let sum = 0;
      for (let t = 0; t < LENGTH; t++) sum -= Math.log(kept[t * heads + h]!) / LENGTH;
      return sum;
    });
    near(
      found['half_life']!.data,
      rate.map((value) => Math.LN2 / value),
      1e-4,
    );
    near(
      found['retention']!.data.subarray(0, LENGTH),
      Float64Array.from({ length: LENGTH }, (_, t) => kept[t * heads]!),
      1e-6,
    );

    const hydra = await traceOf({ mixer: 'hydra', d_state: 3, headdim: 4, d_conv: 3 }, false);
    const both = await group(hydra, 'memory');
    assert.deepEqual(both['half_life']!.axes, ['head', 'direction']);
    for (const [d, name] of ['A_bar_forward', 'A_bar_backward'].entries()) {
      const own = hydra.seen[name]!;
      const count = own.length / LENGTH;
      for (let h = 0; h < count; h++) {
        let sum = 0;
        for (let t = 0; t < LENGTH; t++) sum -= Math.log(own[t * count + h]!) / LENGTH;
        near([both['decay_rate']!.data[h * 2 + d]!], [sum], 1e-4);
        const row = both['cumulative_log_decay']!.data.subarray((d * count + h) * LENGTH);
        near([row[LENGTH - 1]!], [-sum * LENGTH], 1e-4);
      }
    }
  });

  for (const layer of [
    { mixer: 'mamba', d_state: 3 },
    { mixer: 'mamba2', d_state: 3, headdim: 4, ngroups: 2 },
  ])
    it(`of ${layer.mixer}: shares of the state sum to one, and are those of a state that one token wrote alone`, async () => {
      const trace = await traceOf(layer);
      const share = (await group(trace, 'memory'))['contribution_share']!.data;
      for (let t = 0; t < LENGTH; t++) {
        const row = share.subarray(t * LENGTH, (t + 1) * LENGTH);
        near([row.reduce((sum, value) => sum + value, 0)], [1], 1e-5);
        assert.ok(row.subarray(t + 1).every((value) => value === 0));
      }
      // The newest token's part is h − exp(Δ A) h of the token before.
      const { state, A_bar: kept } = trace.seen as Record<string, Float32Array>;
      const t = LENGTH - 1;
      const size = state!.length / LENGTH;
      const each = size / (kept!.length / LENGTH);
      let [along, whole] = [0, 0];
      for (let i = 0; i < size; i++) {
        const now = state![t * size + i]!;
        const before = state![(t - 1) * size + i]!;
        along += now * (now - kept![(t * size + i - (i % each)) / each]! * before);
        whole += now * now;
      }
      near([share[LENGTH * LENGTH - 1]!], [along / whole], 1e-4);
    });

  it('of a layer with a learned first state: its share is what the tokens leave', async () => {
    const layer = { mixer: 'mamba2', d_state: 3, headdim: 4, learnable_init_states: true };
    const trace = await traceOf(layer);
    const share = (await group(trace, 'memory'))['contribution_share']!.data;
    const { state, A_bar: kept } = trace.seen as Record<string, Float32Array>;
    const start = trace.own['init_states']!;
    for (const t of [0, 3, LENGTH - 1]) {
      let [along, whole] = [0, 0];
      for (let i = 0; i < start.length; i++) {
        let left = start[i]!;
        for (let k = 0; k <= t; k++) left *= kept![k * 4 + Math.floor(i / 12)]!;
        along += left * state![t * start.length + i]!;
        whole += state![t * start.length + i]! ** 2;
      }
      const sum = share.subarray(t * LENGTH, (t + 1) * LENGTH).reduce((total, value) => total + value, 0);
      near([1 - sum], [along / whole], 1e-3);
    }
  });

  it('of more tokens than contributions are formed for says so', async () => {
    const long = Array.from({ length: 1025 }, (_, t) => t % 11);
    const trace = await traceOf({ mixer: 'mamba', d_state: 1, expand: 1 }, true, long);
    await assert.rejects(() => analyse(trace, 'contribution_norm'), /not formed beyond 1024 tokens/);
    assert.ok((await group(trace, 'memory'))['half_life']);
  });

  it('of heads: score, decay and step make the matrix', async () => {
    const trace = await traceOf({ mixer: 'mamba2', d_state: 3, headdim: 4, ngroups: 2 });
    const found = await group(trace, 'implicit_attention');
    const matrix = (await group(trace, 'hidden_attention'))['hidden_attention']!.data;
    const { delta } = trace.seen;
    const heads = delta!.length / LENGTH;
    const [score, mask] = [found['score']!.data, found['decay_mask']!.data];
    const made = matrix.map((_, i) => {
      const [h, j] = [Math.floor(i / LENGTH ** 2), i % LENGTH];
      return score[i]! * mask[i]! * delta![j * heads + h]!;
    });
    near(made, matrix, 1e-5);
  });
});

/** Of all places of a sequence, whatever stands there, or of filters as long as it. */
const PLACES = new Set(['attention_tiles', 'lti_kernel', 'gramians']);

describe('padding', () => {
  const padded: ModelData = {
    length: LENGTH + 4,
    input: { kind: 'tokens', vocab_size: 12, padding: 11 },
    target: { kind: 'class', classes: 3 },
  };
  for (const layer of [
    { mixer: 'hydra', d_state: 3, headdim: 4, d_conv: 3, learnable_init_states: true },
    { mixer: 's4d', d_state: 4, bidirectional: true },
    { mixer: 'long-conv', bidirectional: true },
    { mixer: 'matrix-mixer', matrix_mixer_type: 'attention', qk_dim: 2, headdim: 4, d_conv: 3 },
    { mixer: 'matrix-mixer', matrix_mixer_type: 'cauchy', qk_dim: 2, headdim: 4, d_conv: 3 },
    { mixer: 'mamba', d_state: 3 },
    { mixer: 'mamba2', d_state: 3, headdim: 4 },
    { mixer: 'mamba3', d_state: 4, headdim: 4 },
    { mixer: 'h3', d_state: 4, head_dim: 2 },
    { mixer: 'attention', heads: 2, causal: false },
    { mixer: 'sma', zdim: 4, ndim: 2, window_size: 3, bidirectional: true, max_positions: 16 },
  ])
    it(`changes nothing that is told of tokens: ${Object.values(layer).join(' ')}`, async () => {
      const model = buildModel({
        model: { d_model: 8, layers: [layer], norm: 'rms', norm_eps: 1e-5, tie_embeddings: false },
        task: { type: 'classification', pooling: 'mean' },
        data: padded,
      });
      const parameters = stirred(model);
      const [bare, filled] = await Promise.all(
        [0, 4].map(async (count) => {
          const all = [...ids, ...Array<number>(count).fill(11)];
          return (await look({ model, parameters, layer: 0, ids: all, threads: 1 })).trace;
        }),
      );
      assert.deepEqual(offered(filled!), offered(bare!));
      for (const name of offered(bare!).filter((each) => !PLACES.has(each))) {
        const [expected, found] = [await group(bare!, name), await group(filled!, name)];
        assert.deepEqual(Object.keys(found), Object.keys(expected));
        for (const [part, { data, description }] of Object.entries(expected)) {
          assert.equal(found[part]!.description, description);
          // Differences of nearly equal numbers.
          if (/_(error|gap)$/.test(part)) assert.ok(Math.abs(found[part]!.data[0]! - data[0]!) < 1e-6, part);
          else near(ofTokens(found[part]!), data, 2e-5, part);
        }
      }
    });
});

/** The numbers of an array that belong to no padding. */
function ofTokens({ shape, axes, data }: Probe): number[] {
  return [...data].filter((_, at) => {
    let rest = at;
    return axes.every((_axis, k) => {
      const axis = axes.length - 1 - k;
      const place = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
      return !/time|query|key/.test(axes[axis]!) || place < LENGTH;
    });
  });
}

describe('of the whole model', () => {
  it('integrated gradients sum to what the answer has gained, gradients are of the position that is asked', async () => {
    const model = modelOf([{ mixer: 'mamba', d_state: 3 }]);
    // Of embeddings as large as trained ones a norm keeps only the direction, but for the first steps of the path.
    const parameters = new Map(
      [...stirred(model)].map(([name, values]) => [
        name,
        name.endsWith('embedding.weight') ? values.map((value) => 30 * value) : values,
      ]),
    );
    const { trace } = await look({ model, parameters, layer: 0, ids, threads: 1 });
    const asked = { ...trace, target: 4, position: 8 };
    const found = (await analyse(asked, 'attribution'))!;
    // What comes later cannot matter to a causal model.
    assert.ok(found['gradient_norm_token']!.data.subarray(9).every((value) => value === 0));
    assert.ok(found['gradient_norm_token']!.data[8]! > 0);
    const sum = found['integrated_gradients_token']!.data.reduce((total, value) => total + value, 0);
    const logit = (share: number): number => {
      const feeds = {
        ...Object.fromEntries(parameters),
        inputs: Float32Array.from(ids),
        share: Float32Array.of(share),
      };
      return g.interpret([attributionOf(model, LENGTH, LENGTH - 1 - 8)['last']!], feeds)[0]![4]!;
    };
    const gain = logit(1) - logit(0);
    const gap = found['integrated_gradients_gap']!.data[0]!;
    assert.ok(Math.abs(sum - gap - gain) < 1e-4 * Math.abs(gain) + 1e-5, `${sum}, ${gap}, ${gain}`);
    assert.ok(Math.abs(gap) < 0.05 * Math.abs(gain), `${gap} of ${gain}`);
  });

  it('rollout holds all layers: rows sum to one, one layer is half of it', async () => {
    const one = await traceOf({ mixer: 'mamba', d_state: 3 });
    const alone = (await group(one, 'rollout'))['attention_rollout']!.data;
    const mean = (await group(one, 'hidden_attention'))['hidden_attention_mean']!.data;
    const expected = mean.map((value, i) => {
      const row = Math.floor(i / LENGTH);
      const total = mean.subarray(row * LENGTH, (row + 1) * LENGTH).reduce((sum, entry) => sum + entry, 0);
      return value / total / 2 + (i % LENGTH === row ? 0.5 : 0);
    });
    near(alone, expected, 1e-5);
    const model = modelOf([
      { mixer: 'mamba', d_state: 3 },
      { mixer: 'mlp' },
      { mixer: 'attention', heads: 2 },
    ]);
    const { trace } = await look({ model, parameters: stirred(model), layer: 2, ids, threads: 1 });
    const all = (await group(trace, 'rollout'))['attention_rollout']!.data;
    for (let i = 0; i < LENGTH; i++)
      near([all.subarray(i * LENGTH, (i + 1) * LENGTH).reduce((sum, value) => sum + value, 0)], [1], 1e-5);
  });

  it('the repeated block is told by its losses too', async () => {
    const trace = await traceOf({ mixer: 'mamba', d_state: 3 });
    const found = await group(trace, 'head_scores');
    const { data } = found['repeated_loss']!;
    const block = data.length / 3;
    const mean = (from: number): number =>
      data.subarray(from + 1, from + block).reduce((sum, value) => sum + value / (block - 1), 0);
    assert.ok(data.every((value) => value > 0));
    near([found['repeated_loss_gain']!.data[0]!], [mean(0) - mean(block)], 1e-4);
  });

  it('measures of pruning are compared by ranks', async () => {
    const trace = await traceOf({ mixer: 'mamba2', d_state: 3, headdim: 4 });
    const found = await group(trace, 'token_importance');
    const { data } = found['importance_rank_correlation']!;
    for (let i = 0; i < 3; i++) near([data[i * 4]!], [1], 1e-6);
    const { delta } = trace.seen;
    near(
      [found['importance_delta']!.data[2]!],
      [Math.hypot(...Array.from(delta!).slice(2 * 4, 3 * 4))],
      1e-5,
    );
  });
});
