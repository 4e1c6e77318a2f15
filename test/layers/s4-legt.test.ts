/** @file Gradients of S4 from LegT, whose diagonal part alone has all its poles on the unit circle. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import { openSession } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';
import { relativeError } from '../graph/support/compare';

describe('the kernel of S4 that starts from LegT', () => {
  it('has gradients to four digits and more at length 512', async () => {
    const [d_model, length] = [4, 512];
    const layer = mixers['s4']!;
    const dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
    const options = layer.options.parse({ d_state: 8, init: 'legt', l_max: length, final_act: 'none' });
    const resolved = layer.resolve(options, dims);
    const feeds: Record<string, Float32Array> = { x: new Float32Array(length * d_model) };
    const leaves: Record<string, g.Tensor> = {};
    for (const [name, { shape, init }] of Object.entries(layer.parameters(resolved, dims))) {
      feeds[name] = init(shape, new Random(0, 'legt', name), (drawn) => feeds[drawn]);
      leaves[name] = g.input(name, shape);
    }
    const random = new Random(1, 'legt');
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
    for (const [i, name] of Object.keys(program).entries()) {
      const error = relativeError(results[name] as Float32Array, expected[i]!);
      assert.ok(error < 1e-4, `${name} is off by ${error} of its largest entry`);
    }
  });
});
