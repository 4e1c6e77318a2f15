/** @file SpaceTime's fixed kernels, its normalisation near zero, and what its options refuse. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import { companionMatrix, normalised } from '../../src/layers/spacetime/companion';
import { preprocessingTaps, tapsOf } from '../../src/layers/spacetime/preprocess';

const dims = { d_model: 8, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5, length: 12 };
const problems = (options: Record<string, unknown>) => {
  const definition = mixers['spacetime']!;
  return definition.check(definition.options.parse(options), dims);
};

describe('SpaceTime', () => {
  it('takes differences and residuals from averages, the newest token last', () => {
    const r = { n_diff: 4, n_ma: 2, min_avg_window: 2, max_avg_window: 6, preprocess_seed: 3 };
    const taps = tapsOf(r);
    const values = preprocessingTaps(12, r);
    const row = (channel: number): number[] =>
      Array.from(values.subarray(channel * taps, (channel + 1) * taps));
    assert.equal(taps, 5);
    assert.deepEqual(row(0), [0, 0, 0, 0, 1]);
    assert.deepEqual(row(1), [0, 0, 0, -1, 1]);
    assert.deepEqual(row(2), [0, 0, 1, -2, 1]);
    assert.deepEqual(row(3), [0, -1, 3, -3, 1]);
    for (const channel of [4, 5]) {
      const kernel = row(channel);
      const window = kernel.filter((value) => value !== 0).length;
      assert.ok(window >= 2 && window < 6);
      assert.ok(Math.abs(kernel.reduce((sum, value) => sum + value, 0)) < 1e-6);
      assert.ok(Math.abs(kernel[4]! - (1 - 1 / window)) < 1e-6);
    }
    assert.deepEqual(row(6), row(0));
    assert.deepEqual(row(10), row(4));
    assert.deepEqual(preprocessingTaps(12, r), values);
  });

  it('leaves vectors near zero as they are', () => {
    const x = g.input('x', [2, 3]);
    const small = Float64Array.of(1e-5, 2e-5, 0, 0, 0, 1e-5);
    const [kept, slope] = g.interpret(
      [normalised(x, 2), ...g.gradients([{ output: g.sum(normalised(x, 1)) }], [x])],
      { x: small },
    );
    assert.deepEqual(kept, small);
    assert.deepEqual([...slope!], new Array(6).fill(1));
    const [unit] = g.interpret([normalised(x, 1)], { x: Float64Array.of(1, -1, 2, 0, 0, 5) });
    assert.deepEqual([...unit!], [0.25, -0.25, 0.5, 0, 0, 1]);
  });

  it('takes any number of powers of its matrix', () => {
    const a = g.input('a', [1, 3]);
    const x = g.input('x', [1, 3]);
    for (const count of [1, 2, 3, 7, 8, 9]) {
      const A = companionMatrix(a);
      const [columns] = g.interpret([g.krylov(A, x, count)], {
        a: Float64Array.of(0.2, -0.3, 0.5),
        x: Float64Array.of(1, 2, 3),
      });
      let state = [1, 2, 3];
      for (let t = 0; t < count; t++) {
        state.forEach((value, i) =>
          assert.ok(Math.abs(columns![i * count + t]! - value) < 1e-7, `${count}, ${t}`),
        );
        const last = state[2]!;
        state = [0.2 * last, state[0]! - 0.3 * last, state[1]! + 0.5 * last];
      }
    }
  });

  it('refuses what contradicts itself, in words', () => {
    const [divides] = problems({ n_kernels: 3 });
    assert.match(divides!.message, /n_kernels \(3\) must divide d_model \(8\)/);
    assert.match(problems({ horizon: 4, n_kernels: 4 })[0]!.message, /must be d_model \(8\) with a horizon/);
    assert.match(problems({ horizon: 4, norm_order: 0 })[0]!.message, /norm_order must be 1 or 2/);
    assert.match(
      problems({ horizon: 12 })[0]!.message,
      /horizon \(12\) must be shorter than the sequences \(12\)/,
    );
    const windows = { preprocess: 'residual', min_avg_window: 9, max_avg_window: 9 };
    assert.match(problems(windows)[0]!.message, /min_avg_window \(9\) must be below/);
    assert.match(problems({ preprocess: 'residual', n_diff: 0, n_ma: 0 })[0]!.message, /needs kernels/);
    assert.deepEqual(problems({ horizon: 4 }), []);
  });
});
