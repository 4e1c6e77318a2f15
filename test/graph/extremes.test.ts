/** @file Norms, sums and losses where values are much larger than what they differ by. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';
import { webgpuProblem } from './support/compare';

type Build = (x: g.Tensor) => g.Tensor;

interface Found {
  /** Largest differences as shares of the largest expected values. */
  readonly value: number;
  readonly gradient: number;
}

async function errorsOf(
  build: Build,
  shape: readonly number[],
  draw: (random: Random) => number,
  device: 'cpu' | 'webgpu' = 'cpu',
): Promise<Found> {
  const random = new Random(3, 'extremes');
  const x = g.input('x', shape);
  const value = build(x);
  const cotangent = g.input('cotangent', value.shape);
  const [gradient] = g.gradients([{ output: value, cotangent }], [x]) as [g.Tensor];
  const drawn = (count: number, f: () => number): Float32Array => Float32Array.from({ length: count }, f);
  const feeds = {
    x: drawn(g.size(shape), () => draw(random)),
    cotangent: drawn(g.size(value.shape), () => random.normal()),
  };
  const program = { value, gradient };
  const expected = g.interpret([value, gradient], feeds);
  const session = await openSession(g.compile(program, { target: device }), { device });
  const results = await session.run(feeds);
  await session.release();
  const share = (found: Float32Array, want: Float64Array): number => {
    const largest = want.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    // NaN is the largest of differences.
    const worst = want.reduce((most, one, i) => Math.max(most, Math.abs(found[i]! - one)), 0);
    return Number.isNaN(worst) ? Infinity : worst / largest;
  };
  return {
    value: share(results['value'] as Float32Array, expected[0]!),
    gradient: share(results['gradient'] as Float32Array, expected[1]!),
  };
}

const raised = (random: Random): number => 1e4 + random.normal();

describe('values that are much larger than their differences', function () {
  this.timeout(60_000);

  it('layer norm on WebGPU keeps a deviation of a ten-thousandth of the mean', async function () {
    const problem = await webgpuProblem();
    if (problem !== undefined) {
      this.test!.title += ` (skipped: no WebGPU device here: ${problem.slice(0, 120)})`;
      this.skip();
    }
    const build: Build = (x) => g.layerNorm(x, g.ones([500]), g.zeros([500]), 1e-5);
    const { value, gradient } = await errorsOf(build, [4, 500], raised, 'webgpu');
    assert.ok(value < 1e-5, `the values are off by ${value}`);
    assert.ok(gradient < 1e-3, `the gradients are off by ${gradient}`);
  });

  for (const shape of [
    [1000, 3],
    [2, 3, 500],
  ]) {
    it(`batch norm of (${shape.join(', ')}) loses nothing to a mean of ten thousand`, async () => {
      const running = { mean: g.zeros([3]), variance: g.ones([3]) };
      const build: Build = (x) => g.batchNorm(x, g.ones([3]), g.zeros([3]), { running }).y;
      const { value, gradient } = await errorsOf(build, shape, raised);
      assert.ok(value < 2e-6, `the values are off by ${value}`);
      assert.ok(gradient < 1e-4, `the gradients are off by ${gradient}`);
    });
  }

  it('the gradient of log-sum-exp does not feel the size of the logits', async () => {
    const { value, gradient } = await errorsOf((x) => g.logSumExp(x, 1), [4, 500], raised);
    assert.ok(value < 2e-7, `the values are off by ${value}`);
    assert.ok(gradient < 1e-6, `the gradients are off by ${gradient}`);
  });

  it('a sum of one long column is as exact as one of a row', async () => {
    const build: Build = (x) => g.sum(x, [0]);
    const { value } = await errorsOf(build, [65536, 1], (random) => 3 + random.uniform());
    assert.ok(value < 6e-7, `off by ${value}`);
  });

  it('a nearly certain class costs the little that it does, whatever the size of the logits', async () => {
    const logits = Float32Array.of(1000, 993, 990, 40, 20, 30);
    const loss = g.crossEntropy(g.input('x', [2, 3]), g.constant(Int32Array.of(0, 0), [2], 'int32'));
    const session = await openSession(g.compile({ loss }, { target: 'cpu' }), { device: 'cpu' });
    const found = (await session.run({ x: logits }))['loss'] as Float32Array;
    await session.release();
    const expected = [Math.log1p(Math.exp(-7) + Math.exp(-10)), Math.log1p(Math.exp(-20) + Math.exp(-10))];
    for (const [i, want] of expected.entries()) {
      assert.ok(Math.abs(found[i]! - want) < 1.2e-7, `${found[i]} against ${want}`);
    }
  });
});
