/** @file The gradient of SSD's decays, entry by entry: a sum over all of time would drown small ones in rounding. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';
import { float, valuesOf, within, type Sample } from './samples/sample';
import { relativeError, webgpuProblem } from './support/compare';

interface Case {
  readonly sizes: readonly [L: number, H: number, P: number, N: number];
  /** The decays' smallest value; the largest is 0. */
  readonly strongest: number;
  readonly chunkSize?: number;
}

/** The decay's gradient as onnxruntime finds it and as it is. */
async function decayGradients({ sizes: [L, H, P, N], strongest, chunkSize }: Case, device: 'cpu' | 'webgpu') {
  const sample: Sample = {
    name: `ssd, decays down to ${strongest}`,
    // X, A, B, C, the cotangent of Y
    inputs: [
      within(-0.5, 0.5, 1, L, H, P),
      within(strongest, 0, 1, L, H),
      float(1, L, 1, N),
      float(1, L, 1, N),
      float(1, L, H, P),
    ],
    build: () => [],
  };
  const values = valuesOf(sample);
  const [X, A, B, C, dY] = sample.inputs.map(({ shape }, i) => g.input(`x${i}`, shape)) as [
    g.Tensor,
    g.Tensor,
    g.Tensor,
    g.Tensor,
    g.Tensor,
  ];
  const { Y } = g.ssd({ X, A, B, C, ...(chunkSize && { chunkSize }) });
  const [dA] = g.gradients([{ output: Y, cotangent: dY }], [A]) as [g.Tensor];
  const [expected] = g.interpret([dA], values) as [Float64Array];
  const feeds = Object.fromEntries(Object.entries(values).map(([name, x]) => [name, Float32Array.from(x)]));
  const session = await openSession(g.compile({ dA }, { target: device }), { device });
  const found = (await session.run(feeds))['dA'] as Float32Array;
  await session.release();
  return { found, expected };
}

for (const device of ['cpu', 'webgpu'] as const) {
  describe(`gradient of the decays of ssd on ${device}`, function () {
    this.timeout(120_000);
    before(async function () {
      const problem = device === 'webgpu' ? await webgpuProblem() : undefined;
      if (problem === undefined) return;
      this.test!.parent!.title += ` (skipped: ${problem})`;
      this.skip();
    });

    it('agrees in every entry, and is exactly zero where no state has come before', async () => {
      const { found, expected } = await decayGradients({ sizes: [256, 2, 16, 16], strongest: -30 }, device);
      assert.deepEqual([...found.slice(0, 2)], [0, 0]);
      const outside = expected.filter((want, i) => Math.abs(found[i]! - want) > 2e-5 + 2e-4 * Math.abs(want));
      assert.equal(outside.length, 0, `${outside.length} of ${expected.length} entries`);
    });

    it('loses little to rounding when a chunk forgets all that came before', async () => {
      const { found, expected } = await decayGradients({ sizes: [512, 2, 16, 16], strongest: -1 }, device);
      const error = relativeError(found, expected);
      assert.ok(error < 3e-7, `off by ${error} of the largest entry`);
    });

    it('loses little to rounding when the decays are weak and the entries of all magnitudes', async () => {
      const { found, expected } = await decayGradients({ sizes: [300, 2, 64, 64], strongest: -0.05 }, device);
      const error = relativeError(found, expected);
      assert.ok(error < 6e-7, `off by ${error} of the largest entry`);
    });

    it('loses little to rounding over hundreds of chunks, whether they forget or not', async () => {
      for (const strongest of [-0.02, -400]) {
        const sizes = [600, 2, 4, 4] as const;
        const { found, expected } = await decayGradients({ sizes, strongest, chunkSize: 4 }, device);
        const error = relativeError(found, expected);
        assert.ok(error < 2e-6, `off by ${error} of the largest entry with decays down to ${strongest}`);
      }
    });
  });
}
