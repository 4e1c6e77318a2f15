/** @file Checks, initial values and learning rates of the time-invariant mixers. */
import * as assert from 'node:assert/strict';
import * as g from '../../../src/graph';
import { buildModel } from '../../../src/models';
import { softmaxModes } from '../../../src/layers/lti/softmax-kernel';
import { mixers, type Dims, type Parameters } from '../../../src/layers';
import { cexp, over, plus, type C } from './complex';
import { Random } from '../../../src/util/random';

const dims: Dims = { d_model: 12, n_layer: 4, residuals_per_layer: 1, norm_eps: 1e-5 };

const problems = (mixer: string, options: Record<string, unknown>) => {
  const definition = mixers[mixer]!;
  return definition.check(definition.options.parse(options), dims);
};

function specs(mixer: string, options: Record<string, unknown> = {}): Parameters {
  const definition = mixers[mixer]!;
  return definition.parameters(definition.resolve(definition.options.parse(options), dims), dims);
}

const draw = (parameters: Parameters, name: string): Float32Array =>
  parameters[name]!.init(parameters[name]!.shape, new Random(1, name));

describe('checks of time-invariant layers', () => {
  for (const mixer of ['s4', 's4d', 'dss']) {
    it(`${mixer}: an odd d_state, step sizes the wrong way round, copies that do not divide`, () => {
      const [odd] = problems(mixer, { d_state: 7 });
      assert.match(odd!.message, /d_state \(7\) must be even.*conjugate pairs/);
      assert.deepEqual([odd!.path, odd!.suggestion], [['d_state'], 8]);
      assert.match(problems(mixer, { dt_min: 0.1, dt_max: 0.1 })[0]!.message, /must be below dt_max/);
      const [copies] = problems(mixer, { n_ssm: 5 });
      assert.match(copies!.message, /n_ssm \(5\) must divide d_model \(12\)/);
      assert.equal(copies!.suggestion, 4);
    });
  }

  it('h3: an odd d_state, heads that do not divide, step sizes the wrong way round', () => {
    assert.match(problems('h3', { d_state: 5 })[0]!.message, /d_state \(5\) must be even/);
    const [heads] = problems('h3', { head_dim: 5 });
    assert.match(heads!.message, /head_dim \(5\) must divide d_model \(12\)/);
    assert.equal(heads!.suggestion, 4);
    assert.match(problems('h3', { dt_min: 0.2 })[0]!.message, /dt_min \(0.2\) must be below/);
  });

  it('s4: a kernel shorter than the data, a rank that is too small, a length without factors', () => {
    const definition = mixers['s4']!;
    const check = (options: Record<string, unknown>) =>
      definition.check(definition.options.parse(options), { ...dims, length: 64 });
    assert.match(check({ l_max: 32 })[0]!.message, /l_max \(32\) is shorter than the data \(64 tokens\)/);
    const [rank] = check({ init: 'legt', rank: 1 });
    assert.match(rank!.message, /init legt needs rank 2/);
    assert.deepEqual([rank!.path, rank!.suggestion], [['rank'], 2]);
    const [prime] = check({ l_max: 16381 });
    assert.match(prime!.message, /l_max \(16381\) has no small factors/);
    assert.deepEqual(check({ l_max: prime!.suggestion }), []);
    const resolved = definition.resolve(definition.options.parse({}), { ...dims, length: 16381 });
    assert.equal((resolved as { l_max: number }).l_max, prime!.suggestion);
  });

  it('dss: a softmax kernel shorter than the data', () => {
    const definition = mixers['dss']!;
    const check = (options: Record<string, unknown>, length: number) =>
      definition.check(definition.options.parse(options), { ...dims, length });
    const [short] = check({ l_max: 32 }, 64);
    assert.match(short!.message, /l_max \(32\) is shorter than the data \(64 tokens\)/);
    assert.deepEqual([short!.path, short!.suggestion], [['l_max'], 64]);
    assert.deepEqual(check({ l_max: 64 }, 64), []);
    assert.deepEqual(check({}, 64), []);
    assert.deepEqual(check({ l_max: 32, kernel: 'exp' }, 64), []);
  });

  it('long-conv: a kernel shorter than the data, an even window, a threshold that leaves nothing', () => {
    const definition = mixers['long-conv']!;
    const check = (options: Record<string, unknown>) =>
      definition.check(definition.options.parse(options), { ...dims, length: 64 });
    assert.match(check({ l_max: 63 })[0]!.message, /l_max \(63\) is shorter than the data \(64 tokens\)/);
    const [even] = check({ use_ma_smoothing: true, ma_window_len: 4 });
    assert.deepEqual([even!.path, even!.suggestion], [['ma_window_len'], 5]);
    const [nothing] = check({ weight_init: 'random', lam: 0.1 });
    assert.match(nothing!.message, /starts as zero/);
    assert.equal(nothing!.severity, 'warning');
    const { l_max } = definition.resolve(definition.options.parse({}), { ...dims, length: 50 }) as {
      l_max: number;
    };
    assert.equal(l_max, 50);
  });

  it('a learned butterfly is not causal', () => {
    const { options, resolve, causal } = mixers['long-conv']!;
    assert.equal(causal(resolve(options.parse({ block_fft: true }), dims)), false);
    assert.equal(causal(resolve(options.parse({}), dims)), true);
  });

  it('bidirectional layers are refused in language models, at their place', () => {
    const build = (layer: { mixer: string; [option: string]: unknown }) =>
      buildModel({
        model: { d_model: 4, layers: [layer], norm: 'rms', norm_eps: 1e-5, tie_embeddings: true },
        task: { type: 'language-model' },
        data: { length: 8, input: { kind: 'tokens', vocab_size: 5 }, target: { kind: 'next-token' } },
      });
    for (const mixer of ['s4', 's4d', 'dss', 'long-conv']) {
      assert.throws(() => build({ mixer, bidirectional: true }), /sees later tokens/);
      assert.equal(build({ mixer }).decodeProblem, undefined);
    }
    assert.throws(() => build({ mixer: 'long-conv', block_fft: true }), /sees later tokens/);
    assert.throws(
      () => build({ mixer: 's4', l_max: 4 }),
      /l_max \(4\) is shorter than the data \(8 tokens\)/,
    );
  });

  it('s4 in a model starts from the output map of its own drawn matrices', () => {
    const model = buildModel({
      model: {
        d_model: 4,
        layers: [{ mixer: 's4', d_state: 4 }],
        norm: 'rms',
        norm_eps: 1e-5,
        tie_embeddings: true,
      },
      task: { type: 'language-model' },
      data: { length: 8, input: { kind: 'tokens', vocab_size: 5 }, target: { kind: 'next-token' } },
    });
    const [first, second] = [model.initialise(1), model.initialise(1)];
    for (const [name, values] of first) assert.deepEqual(values, second.get(name));
    const name = 'backbone.layers.0.mixer.layer.kernel.C';
    assert.ok(first.get(name)!.every(Number.isFinite));
    assert.notDeepEqual(first.get(name), model.initialise(2).get(name));
  });

  it('bidirectional layers are not causal', () => {
    for (const mixer of ['s4', 's4d', 'dss', 'long-conv']) {
      const { options, resolve, causal } = mixers[mixer]!;
      for (const bidirectional of [true, false]) {
        assert.equal(causal(resolve(options.parse({ bidirectional }), dims)), !bidirectional);
      }
    }
  });
});

describe('the softmax kernel', () => {
  it('stays finite for modes that grow, and is their softmax over time', () => {
    const [length, dt] = [40, 0.5];
    const modes = [
      [8, 1],
      [0.3, -2],
      [-0.2, 3],
    ] as const;
    const column = (i: 0 | 1) =>
      g.constant(
        modes.map((mode) => mode[i]),
        [3, 1],
      );
    const ones = { re: g.ones([3, 1]), im: g.zeros([3, 1]) };
    const lambda = { re: column(0), im: column(1) };
    const a = g.complex.cscale(lambda, g.full([3, 1], dt));
    const { factor, from } = softmaxModes(lambda, a, length);
    const kernel = g.diagonalKernel(a, g.complex.cmul(factor, ones), length, from);
    const [found] = g.interpret([kernel], {});
    for (const [h, [re, im]] of modes.entries()) {
      // Σ e^{λΔt} by its closed form, each power relative to the largest.
      const top = Math.max(re, 0) * dt * (length - 1);
      const power = (t: number): C => cexp([re * dt * t - top, im * dt * t]);
      let sum: C = [0, 0];
      for (let t = 0; t < length; t++) sum = plus(sum, power(t));
      for (let t = 0; t < length; t++) {
        const expected = over(over(power(t), sum), [re, im])[0];
        const at = h * length + t;
        assert.ok(Math.abs(found![at]! - expected) < 1e-6, `${h}, ${t}: ${found![at]} against ${expected}`);
      }
    }
  });
});

describe('initial values of time-invariant layers', () => {
  it('s4d: eigenvalues by the name of the start', () => {
    const frequencies = (init: string): number[] =>
      Array.from(draw(specs('s4d', { init, d_state: 8, n_ssm: 1 }), 'layer.kernel.A_imag'));
    const close = (found: number[], expected: number[]): void =>
      found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-4, `${i}: ${value}`));
    close(frequencies('diag-lin'), [1e-4, Math.PI, 2 * Math.PI, 3 * Math.PI]);
    close(
      frequencies('diag-inv'),
      [56, 40 / 3, 4.8, 8 / 7].map((x) => x / Math.PI),
    );
    close(
      frequencies('diag-quad'),
      [1, 9, 25, 49].map((x) => x / Math.PI),
    );
    close(frequencies('diag-real'), [1e-4, 1e-4, 1e-4, 1e-4]);
    const real = draw(specs('s4d', { init: 'diag-real', d_state: 8, n_ssm: 1 }), 'layer.kernel.A_real');
    close(Array.from(real, Math.exp), [1, 2, 3, 4]);
  });

  it('random frequencies differ between the copies, fixed ones do not', () => {
    const rows = (init: string): boolean => {
      const values = draw(specs('s4d', { init, d_state: 8, n_ssm: 2 }), 'layer.kernel.A_imag');
      return values.slice(0, 4).join() === values.slice(4).join();
    };
    assert.equal(rows('diag-rnd'), false);
    assert.equal(rows('diag-inv'), true);
  });

  it('step sizes are log-uniform in their range under either transform', () => {
    for (const [dt_transform, value] of [
      ['exp', Math.exp],
      ['softplus', (x: number) => Math.log1p(Math.exp(x))],
    ] as const) {
      const { shape, init } = specs('s4d', { dt_transform })['layer.kernel.inv_dt']!;
      assert.deepEqual(shape, [12, 1]);
      const steps = Array.from(init([2000, 1], new Random(2, 'dt')), value);
      assert.ok(Math.min(...steps) >= 0.000999 && Math.max(...steps) <= 0.10001);
      const below = steps.filter((step) => step < 0.01).length / steps.length;
      assert.ok(Math.abs(below - 0.5) < 0.05, `${below} are below the geometric mean`);
    }
  });

  it('the state space model has a learning rate of its own and is not decayed', () => {
    const parameters = specs('s4d', { lr: 0.0005 });
    for (const name of ['inv_dt', 'A_real', 'A_imag', 'B']) {
      const { lr, weightDecay } = parameters[`layer.kernel.${name}`]!;
      assert.deepEqual([lr, weightDecay], [0.0005, 0], name);
    }
    for (const name of ['layer.kernel.C', 'layer.D', 'output_linear.0.weight']) {
      assert.deepEqual([parameters[name]!.lr, parameters[name]!.decay], [undefined, true], name);
    }
  });
});
