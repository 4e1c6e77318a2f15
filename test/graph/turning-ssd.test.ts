/** @file The gradient of a turn after thousands of tokens: rounding of what does not pass the token stays out of it. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';
import { float, valuesOf, within, type Sample } from './samples/sample';

const [L, H, P, N, K] = [2048, 2, 16, 16, 8];

/** Root of the mean square of the differences, as a share of that of the values. */
function share(found: Float32Array, expected: Float64Array): number {
  let [error, total] = [0, 0];
  for (const [i, want] of expected.entries()) {
    error += (found[i]! - want) ** 2;
    total += want ** 2;
  }
  return Math.sqrt(error / total);
}

describe('gradient of the turns of a turning SSD on the CPU', () => {
  it('loses little to rounding in a long sequence, and less than by sums over time', async () => {
    const sample: Sample = {
      name: 'a long turning ssd',
      // X, A, B, C, the turns, the cotangent of Y
      inputs: [
        within(-0.5, 0.5, 1, L, H, P),
        within(-0.05, 0, 1, L, H),
        float(1, L, H, N),
        float(1, L, H, N),
        within(-0.1, 0.1, 1, L, H, K),
        float(1, L, H, P),
      ],
      build: () => [],
    };
    const values = valuesOf(sample);
    const [X, A, B, C, turn, dY] = sample.inputs.map(({ shape }, i) => g.input(`x${i}`, shape)) as [
      g.Tensor,
      g.Tensor,
      g.Tensor,
      g.Tensor,
      g.Tensor,
      g.Tensor,
    ];
    const gradientOf = (Y: g.Tensor): g.Tensor => g.gradients([{ output: Y, cotangent: dY }], [turn])[0]!;
    const local = gradientOf(g.turningSsd({ X, A, B, C, turn, pairs: 'neighbours' }).Y);
    const angle = g.wrapped(g.accumulated(turn));
    const angles = { cos: g.cos(angle), sin: g.sin(angle) };
    const turned = (map: g.Tensor): g.Tensor => g.rotate(map, angles, 'neighbours');
    const summed = gradientOf(g.ssd({ X, A, B: turned(B), C: turned(C) }).Y);
    const [expected] = g.interpret([summed], values) as [Float64Array];
    const feeds = Object.fromEntries(
      Object.entries(values).map(([name, data]) => [name, Float32Array.from(data)]),
    );
    const session = await openSession(g.compile({ local, summed }, { target: 'cpu' }), { device: 'cpu' });
    const found = await session.run(feeds);
    await session.release();
    const errors = ['local', 'summed'].map((name) => share(found[name] as Float32Array, expected));
    assert.ok(errors[0]! < 5e-7, `off by ${errors[0]}`);
    assert.ok(3 * errors[0]! < errors[1]!, `off by ${errors.join(' against ')}`);
  });
});
