/** @file A range of a tensor by way of what it is made of. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import { Random } from '../../src/util/random';
import { relativeError } from './support/compare';

const names = (outputs: readonly g.Tensor[]): string[] =>
  g.reachable(outputs).map(({ operator }) => operator.name);

function values(outputs: readonly g.Tensor[]): Record<string, Float64Array> {
  const random = new Random(0, 'narrow');
  return Object.fromEntries(
    g.reachable(outputs).flatMap(({ operator, attributes, outputs: [tensor] }) => {
      if (operator.name !== 'input') return [];
      const count = tensor!.shape.reduce((product, extent) => product * extent, 1);
      const { name } = attributes as { readonly name: string };
      return [[name, Float64Array.from({ length: count }, () => 0.5 * random.normal())]];
    }),
  );
}

/** Two residual Mamba layers, x (batch 2, time 9, width 6). */
function layers(): { x: g.Tensor; y: g.Tensor; parameters: g.Tensor[] } {
  const mamba = mixers['mamba']!;
  const dims = { d_model: 6, n_layer: 2, residuals_per_layer: 1, norm_eps: 1e-5 };
  const resolved = mamba.resolve(mamba.options.parse({ d_state: 3 }), dims);
  const x = g.input('x', [2, 9, 6]);
  const all: g.Tensor[] = [];
  const layer = (before: g.Tensor, index: number): g.Tensor => {
    const specs = Object.entries(mamba.parameters(resolved, dims));
    const p = Object.fromEntries(
      specs.map(([name, { shape }]) => [name, g.input(`${index}.${name}`, shape)]),
    );
    all.push(...Object.values(p));
    const mixed = mamba.forward(before, p, resolved, dims, { probing: false, probe: () => {} });
    return g.add(before, mixed);
  };
  return { x, y: layer(layer(x, 0), 1), parameters: all };
}

describe('narrow', () => {
  for (const [start, what] of [
    [8, 'the last position'],
    [6, 'the last three positions'],
  ] as const) {
    it(`gives ${what} of two Mamba layers, and its gradients, as a slice does`, () => {
      const { x, y, parameters } = layers();
      const wrt = [x, ...parameters];
      const both = [g.slice(y, 1, start, 9), g.narrow(y, 1, start, 9)].map((output) => {
        const weighed = g.mul(output, g.input('weights', output.shape));
        return [output, ...g.gradients([{ output: weighed }], wrt)];
      });
      const given = values(both.flat());
      const [expected, found] = both.map((tensors) => g.interpret(tensors, given));
      for (const [i, want] of expected!.entries()) {
        assert.ok(relativeError(found![i]!, want) < 1e-12, `output ${i}`);
      }
    });
  }

  it('reads the last position from the last state, and no other', () => {
    const { x, y } = layers();
    const [dx] = g.gradients([{ output: g.narrow(y, 1, 8, 9) }], [x]);
    const scans = g.reachable([dx!]).filter(({ operator }) => operator.name === 'selectiveScanGradient');
    assert.deepEqual(scans.map(({ attributes }) => (attributes as { readonly hasY: boolean }).hasY).sort(), [
      false,
      true,
    ]);
  });

  it('leaves alone what is needed as a whole', () => {
    const x = g.exp(g.input('x', [4, 3]));
    const both = g.mul(x, g.sum(x));
    assert.deepEqual(names([g.narrow(both, 0, 3, 4)]), ['input', 'exp', 'sum', 'slice', 'mul']);
    assert.deepEqual(names([g.narrow(x, 0, 3, 4)]), ['input', 'slice', 'exp']);
  });

  it('leaves broadcast operands as they are', () => {
    const found = g.narrow(g.add(g.input('x', [4, 3]), g.input('b', [3])), 0, 1, 3);
    assert.deepEqual(found.shape, [2, 3]);
    assert.deepEqual(names([found]), ['input', 'input', 'slice', 'add']);
  });

  for (const [what, shape] of [
    ['per token', [5, 2, 3]],
    ['in groups', [5, 2, 2, 3]],
    ['fixed', [4, 3]],
  ] as const) {
    it(`reads the last state with a C ${what}`, () => {
      const [u, delta] = [g.input('u', [5, 2, 4]), g.sigmoid(g.input('delta', [5, 2, 4]))];
      const A = g.neg(g.exp(g.input('A', [4, 3])));
      const C = g.input('C', shape);
      const { y } = g.selectiveScan({ u, delta, A, B: g.input('B', [5, 2, 3]), C, D: g.input('D', [4]) });
      const outputs = [g.slice(y, 0, 4, 5), g.narrow(y, 0, 4, 5)];
      const [expected, found] = g.interpret(outputs, values(outputs));
      assert.ok(relativeError(found!, expected!) < 1e-13);
    });
  }
});
