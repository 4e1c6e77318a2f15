/** @file What is promised of every definition: documentation, defaults, checks, initial values. */
import * as assert from 'node:assert/strict';
import { mixerExamples, mixers, type Dims, type Parameters } from '../../src/layers';
import { nearestDivisor } from '../../src/layers/parts/divisors';
import { Random } from '../../src/util/random';

const dims: Dims = { d_model: 32, n_layer: 4, residuals_per_layer: 1, norm_eps: 1e-5 };

function specs(mixer: string, options: Record<string, unknown> = {}, around: Dims = dims): Parameters {
  const definition = mixers[mixer]!;
  return definition.parameters(definition.resolve(definition.options.parse(options), around), around);
}

const draw = (parameters: Parameters, name: string): Float32Array =>
  parameters[name]!.init(parameters[name]!.shape, new Random(1, name));

const problems = (mixer: string, options: Record<string, unknown>) => {
  const definition = mixers[mixer]!;
  return definition.check(definition.options.parse(options), dims);
};

describe('every mixer', () => {
  for (const [name, definition] of Object.entries(mixers)) {
    it(`${name} documents itself and each of its options`, () => {
      assert.equal(definition.name, name);
      for (const text of [definition.title, definition.summary, definition.description, definition.formula]) {
        assert.ok(text.length > 0);
      }
      assert.match(definition.paper.url, /^https:\/\/arxiv\.org\//);
      assert.match(mixerExamples[name]!, new RegExp(`mixer: ${name}\\b`));
      for (const [option, field] of Object.entries(definition.options.shape)) {
        assert.ok((field as { description?: string }).description, `${name}.${option} has no description`);
      }
    });

    it(`${name} takes its defaults without complaint and refuses unknown options`, () => {
      const wide = { ...dims, d_model: 64 };
      assert.deepEqual(definition.check(definition.options.parse({}), wide), []);
      assert.equal(definition.options.safeParse({ surprise: 1 }).success, false);
    });

    it(`${name} keeps biases, norms and scan constants out of weight decay`, () => {
      for (const [parameter, { decay }] of Object.entries(
        specs(name, name === 'mlp' ? { bias: true } : {}),
      )) {
        const plain = /(^|\.)weight$/.test(parameter) && !/norm\./.test(parameter);
        // The authors of S4 and its kin decay what a state space model reads out and skips.
        const skip = ['h3', 'long-conv'].includes(name) ? /^(ssm_k_)?D$/ : /^layer\.D$/;
        const read = parameter.endsWith('kernel.C') || skip.test(parameter);
        // Those of SpaceTime decay everything alike but biases.
        const companion = name === 'spacetime' && parameter.startsWith('ssm.');
        assert.equal(decay, plain || read || companion, parameter);
      }
    });
  }
});

describe('initial values', () => {
  it('of A_log in Mamba are ln 1 … ln N on every row', () => {
    const values = draw(specs('mamba', { d_state: 4 }), 'A_log');
    assert.deepEqual(values.slice(4, 8), Float32Array.from([1, 2, 3, 4], Math.log));
  });

  it('of the dt bias give steps log-uniform between dt_min and dt_max', () => {
    for (const [mixer, name] of [
      ['mamba', 'dt_proj.bias'],
      ['mamba2', 'dt_bias'],
    ] as const) {
      const wide = { ...dims, d_model: 2048 };
      const values = draw(specs(mixer, mixer === 'mamba2' ? { headdim: 1 } : {}, wide), name);
      const steps = Array.from(values, (bias) => Math.log1p(Math.exp(bias)));
      assert.ok(Math.min(...steps) >= 0.001 * 0.999 && Math.max(...steps) <= 0.1 * 1.001, mixer);
      const below = steps.filter((step) => step < 0.01).length / steps.length;
      assert.ok(Math.abs(below - 0.5) < 0.05, `${mixer}: ${below} of the steps are below the geometric mean`);
    }
  });

  it('of A in Mamba-2 are uniform in A_init_range', () => {
    const values = draw(specs('mamba2', { headdim: 1, A_init_range: [2, 3] }), 'A_log').map(Math.exp);
    assert.ok(values.every((value) => value >= 1.999 && value <= 3.001));
  });

  it('of output projections shrink with the root of the number of residual layers', () => {
    for (const [mixer, name, fanIn] of [
      ['mamba', 'out_proj.weight', 64],
      ['mamba2', 'out_proj.weight', 64],
      ['attention', 'out_proj.weight', 32],
      ['mlp', 'fc2.weight', 128],
    ] as const) {
      const bound = Math.max(...draw(specs(mixer), name).map(Math.abs));
      const expected = 1 / Math.sqrt(fanIn) / 2;
      assert.ok(bound <= expected && bound > 0.97 * expected, `${mixer}: ${bound} against ${expected}`);
    }
  });

  it('of dt_proj lie within dt_scale / √dt_rank, or at it', () => {
    const random = draw(specs('mamba', { dt_rank: 4, dt_scale: 3 }), 'dt_proj.weight').map(Math.abs);
    assert.ok(Math.max(...random) <= 1.5 && Math.max(...random) > 1.4);
    const constant = draw(specs('mamba', { dt_rank: 4, dt_init: 'constant' }), 'dt_proj.weight');
    assert.ok(constant.every((value) => value === 0.5));
  });
});

describe('checks', () => {
  it('offer the nearest headdim and ngroups that divide', () => {
    assert.deepEqual(
      problems('mamba2', { headdim: 60 }).map(({ path, suggestion }) => [path, suggestion]),
      [[['headdim'], 64]],
    );
    assert.deepEqual(
      problems('mamba2', { headdim: 16, ngroups: 3 }).map(({ path, suggestion }) => [path, suggestion]),
      [[['ngroups'], 2]],
    );
    assert.match(problems('mamba2', { d_ssm: 128 })[0]!.message, /d_ssm \(128\) must not exceed/);
  });

  it('find contradictions', () => {
    assert.match(problems('mamba', { dt_min: 0.5 })[0]!.message, /dt_min \(0.5\) must be below dt_max/);
    assert.match(problems('mamba2', { dt_limit: [1, 0.5] })[0]!.message, /dt_limit/);
    assert.match(problems('attention', { heads: 5 })[0]!.message, /must divide d_model/);
    assert.equal(problems('attention', { heads: 5 })[0]!.suggestion, 4);
    assert.match(problems('attention', { heads: 4, num_heads_kv: 3 })[0]!.message, /num_heads_kv/);
    assert.match(problems('attention', { heads: 4, rotary_emb_dim: 3 })[0]!.message, /even/);
    assert.equal(problems('attention', { heads: 4, rotary_emb_dim: 16 })[0]!.suggestion, 8);
    for (const window of [0, -3, 1.5]) {
      assert.equal(mixers['attention']!.options.safeParse({ window }).success, false);
    }
    assert.match(problems('mamba3', { d_state: 7, headdim: 8 })[0]!.message, /d_state \(7\) must be even/);
    assert.match(problems('mamba3', { d_state: 2, headdim: 8 })[0]!.message, /no pair rotates/);
    const dense = problems('matrix-mixer', { matrix_mixer_type: 'dense', headdim: 32 });
    assert.match(dense[0]!.message, /set is_data_dependent: false/);
    assert.match(problems('sma', { rel_pos_bias: 'rotary', zdim: 5 })[0]!.message, /zdim \(5\) must be even/);
    assert.equal(mixers['sma']!.options.safeParse({ window_size: 0 }).success, false);
    assert.match(problems('hydra', { d_conv: 4 })[0]!.message, /d_conv \(4\) must be odd/);
    assert.match(problems('hydra', { headdim: 7 })[0]!.message, /headdim \(7\) must divide/);
    assert.match(problems('hydra', { dt_min: 0.1 })[0]!.message, /dt_min \(0.1\) must be below dt_max/);
  });

  it('find groups of a norm that do not divide, and moving averages without room', () => {
    const [groups] = problems('mamba2', { headdim: 8, norm_groups: 5 });
    assert.match(groups!.message, /norm_groups \(5\) must divide d_inner = expand · d_model \(64\)/);
    assert.deepEqual([groups!.path, groups!.suggestion], [['norm_groups'], 4]);
    assert.deepEqual(problems('mamba2', { headdim: 8, norm_groups: 5, rmsnorm: false }), []);
    const [averages] = problems('spacetime', { preprocess: 'residual', max_avg_window: 4 });
    assert.deepEqual([averages!.path, averages!.suggestion], [['min_avg_window'], 3]);
  });

  it('warn that the hidden width of an MLP is rounded', () => {
    const [warning] = problems('mlp', { d_intermediate: 100 });
    assert.equal(warning!.severity, 'warning');
    assert.equal(warning!.suggestion, 128);
    assert.deepEqual(specs('mlp', { d_intermediate: 100 })['fc1.weight']!.shape, [256, 32]);
  });

  it('the nearest divisor', () => {
    assert.deepEqual([nearestDivisor(24, 7), nearestDivisor(7, 4), nearestDivisor(1, 9)], [6, 1, 1]);
  });
});
