/** @file What the views get: probes under their names with their axes, and one recurrence for every scan. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import { buildModel, inspectionOf, type ModelData } from '../../src/models';

const data: ModelData = {
  length: 5,
  input: { kind: 'tokens', vocab_size: 7 },
  target: { kind: 'next-token' },
};

const layers = [
  { mixer: 'mamba', d_state: 3 },
  { mixer: 'mamba2', d_state: 3, headdim: 4, ngroups: 2 },
  { mixer: 'attention', heads: 2 },
  { mixer: 'mlp', multiple_of: 4 },
];

function inspect(layer: number) {
  const model = buildModel({
    model: { d_model: 8, layers, norm: 'rms', norm_eps: 1e-5, tie_embeddings: true },
    task: { type: 'language-model' },
    data,
  });
  const program = inspectionOf(model, 2, 5, layer, { targets: true });
  const names = Object.keys(program);
  const inputs = Int32Array.of(1, 2, 3, 4, 5, 6, 5, 4, 3, 2);
  const feeds = { ...Object.fromEntries(model.initialise(1)), inputs, targets: inputs };
  const results = g.interpret(Object.values(program), feeds);
  return {
    names,
    shape: (name: string) => [...program[name]!.shape],
    value: (name: string) => results[names.indexOf(name)]!,
  };
}

describe('inspection', () => {
  for (const [layer, { mixer }] of layers.entries()) {
    it(`of ${mixer} gives every probe that its definition names, with as many axes`, () => {
      const { names, shape } = inspect(layer);
      const { probes } = mixers[mixer]!;
      assert.deepEqual(
        names.filter((name) => name.startsWith('probe.')).sort(),
        Object.keys(probes)
          .map((name) => `probe.${name}`)
          .sort(),
      );
      for (const [name, { axes }] of Object.entries(probes)) {
        assert.equal(shape(`probe.${name}`).length, axes.length, name);
        if (axes[0] === 'batch') assert.equal(shape(`probe.${name}`)[0], 2, name);
        if (axes[1] === 'time') assert.equal(shape(`probe.${name}`)[1], 5, name);
      }
      assert.deepEqual(shape('losses'), [2]);
      assert.deepEqual(shape('logits'), [2, 5, 7]);
    });
  }

  it('of a layer that is not there is refused', () => {
    assert.throws(() => inspect(4), /There is no layer 4; the last is 3/);
  });

  // h ← A_bar h + delta x B,  y = C h + D x, with the axes as the probes name them.
  for (const [layer, name] of [
    [0, 'mamba'],
    [1, 'mamba2'],
  ] as const) {
    it(`the probes of ${name} obey its recurrence`, () => {
      const { value, shape } = inspect(layer);
      const [batch, time, channels, states] = shape('probe.state') as [number, number, number, number];
      const { axes } = { axes: mixers[name]!.probes };
      const read = (probe: string, index: Record<string, number>): number => {
        const extents = shape(`probe.${probe}`);
        const at = axes[probe]!.axes.reduce((offset, axis, i) => offset * extents[i]! + index[axis]!, 0);
        return value(`probe.${probe}`)[at]!;
      };
      const heads = name === 'mamba2' ? shape('probe.delta')[2]! : 1;
      const groups = name === 'mamba2' ? shape('probe.B')[2]! : 1;
      for (let b = 0; b < batch; b++) {
        for (let c = 0; c < channels; c++) {
          const head = Math.floor(c / (channels / heads));
          const h = new Float64Array(states);
          for (let t = 0; t < time; t++) {
            const at = { batch: b, time: t, channel: c, head, group: Math.floor(head / (heads / groups)) };
            let y = read('D', at) * read('x', at);
            for (let n = 0; n < states; n++) {
              const here = { ...at, state: n };
              h[n] = read('A_bar', here) * h[n]! + read('delta', at) * read('x', at) * read('B', here);
              assert.ok(Math.abs(h[n]! - read('state', here)) < 1e-12);
              assert.ok(
                Math.abs(read('A_bar', here) - Math.exp(read('delta', at) * read('A', here))) < 1e-12,
              );
              y += read('C', here) * h[n]!;
            }
            assert.ok(Math.abs(y - read('y', at)) < 1e-12);
            assert.ok(Math.abs(Math.hypot(...h) - read('state_norm', at)) < 1e-12);
          }
        }
      }
    });
  }
});
