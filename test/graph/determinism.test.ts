/** @file Sums whose order could vary: the same bits in every run, and right ones. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { openSession, type Device } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';
import { relativeError, webgpuProblem } from './support/compare';

const [rows, slots, width] = [512, 7, 8];

/** Many rows into few places, in all the forms that add where places repeat. */
function sums(): Record<string, g.Tensor> {
  const x = g.input('x', [rows, width]);
  const ids = g.input('ids', [rows], 'int32');
  const places = g.expand(g.unsqueeze(ids, 1), [rows, width]);
  const table = g.input('table', [slots, width]);
  const [embedding] = g.gradients([{ output: g.embedding(ids, table), cotangent: x }], [table]);
  return {
    segments: g.segmentSum(x, ids, slots),
    scattered: g.scatterAdd(g.zeros([slots, width]), places, x, 0),
    wide: g.segmentSum(x, ids, 600),
    embedding: embedding!,
  };
}

describe('sums with repeated places', () => {
  for (const device of ['cpu', 'webgpu'] as const satisfies Device[]) {
    it(`have the same bits in every run on ${device}`, async function () {
      this.timeout(60_000);
      const problem = device === 'webgpu' ? await webgpuProblem() : undefined;
      if (problem !== undefined) {
        this.test!.title += ` (skipped: no WebGPU device here: ${problem.slice(0, 120)})`;
        this.skip();
      }
      const random = new Random(3, 'determinism');
      const feeds = {
        x: Float32Array.from({ length: rows * width }, () => random.normal()),
        ids: Int32Array.from({ length: rows }, () => random.integer(slots)),
      };
      const outputs = sums();
      const session = await openSession(g.compile(outputs, { target: device }), { device, threads: 2 });
      const first = await session.run(feeds);
      for (let run = 0; run < (device === 'cpu' ? 20 : 3); run++)
        assert.deepEqual(await session.run(feeds), first);
      await session.release();
      const expected = g.interpret(Object.values(outputs), feeds);
      for (const [i, name] of Object.keys(outputs).entries()) {
        assert.ok(relativeError(first[name] as Float32Array, expected[i]!) < 2e-6, name);
      }
    });
  }
});
