/** @file Gradients of S4 from LegT and FouT, whose diagonal part alone has all its poles on the unit circle. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import { openSession } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';
import { relativeError } from '../graph/support/compare';

/** Largest errors of a layer's gradients at length 512, as shares of their largest entries. */
async function gradientErrors(init: string, d_state: number): Promise<Record<string, number>> {
  const [d_model, length] = [4, 512];
  const layer = mixers['s4']!;
  const dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
  const options = layer.options.parse({ d_state, init, l_max: length, final_act: 'none' });
  const resolved = layer.resolve(options, dims);
  const feeds: Record<string, Float32Array> = { x: new Float32Array(length * d_model) };
  const leaves: Record<string, g.Tensor> = {};
  for (const [name, { shape, init: start }] of Object.entries(layer.parameters(resolved, dims))) {
    feeds[name] = start(shape, new Random(0, init, name), (drawn) => feeds[drawn]);
    leaves[name] = g.input(name, shape);
  }
  const random = new Random(1, init);
  feeds['x'] = feeds['x']!.map(() => random.normal());
  const x = g.input('x', [1, length, d_model]);
  const y = layer.forward(x, leaves, resolved, dims, { probing: false, probe: () => {} });
  feeds['dy'] = feeds['x'].map(() => random.normal());
  const names = Object.keys(leaves);
  const found = g.gradients(
    [{ output: y, cotangent: g.input('dy', y.shape) }],
    names.map((name) => leaves[name]!),
  );
  const program = Object.fromEntries(names.map((name, i) => [`gradient of ${name}`, found[i]!]));
  const expected = g.interpret(Object.values(program), feeds);
  const session = await openSession(g.compile(program, { target: 'cpu' }), { device: 'cpu' });
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.keys(program).map((name, i) => [name, relativeError(results[name] as Float32Array, expected[i]!)]),
  );
}

describe('the kernel of S4 by powers of its matrix', () => {
  // One mode of FouT hardly decays: its part of C is 1e-4 of what C was, and only the change of a step keeps its bits.
  for (const [init, d_state, tolerance] of [
    ['legt', 8, 1e-5],
    ['fout', 8, 2e-5],
    ['fout', 64, 1e-3],
  ] as const) {
    it(`has exact gradients from ${init} with ${d_state} states at length 512`, async () => {
      for (const [name, error] of Object.entries(await gradientErrors(init, d_state))) {
        assert.ok(error < tolerance, `${name} is off by ${error} of its largest entry`);
      }
    });
  }
});
