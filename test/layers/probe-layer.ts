/** @file A layer's probes on random parameters, checked against what its definition promises. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { setUp, type Variant } from './check-layer';

export interface Probed {
  /** Row-major values of every probe. */
  readonly values: Readonly<Record<string, Float64Array>>;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly y: Float64Array;
  /** What the layer was run with. */
  readonly parameters: Readonly<Record<string, Float64Array>>;
}

/** Runs the layer as it is looked at; every probe must be there, with the axes that its definition names. */
export function probeLayer(variant: Variant): Probed {
  const { definition, dims, resolved, specs, values, shape, x } = setUp(variant);
  const p = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, g.input(name, spec.shape)]),
  );
  const probes: Record<string, g.Tensor> = {};
  const y = definition.forward(g.input('x', shape), p, resolved, dims, {
    probing: true,
    probe: (name, tensor) => (probes[name] = tensor),
  });
  assert.deepEqual(Object.keys(probes).sort(), Object.keys(definition.probes).sort());
  for (const [name, { axes }] of Object.entries(definition.probes)) {
    assert.equal(probes[name]!.shape.length, axes.length, name);
    const wanted: Record<string, number> = { batch: shape[0], time: shape[1] };
    axes.forEach((axis, i) => {
      if (axis in wanted) assert.equal(probes[name]!.shape[i], wanted[axis], `${name}: ${axis}`);
    });
  }
  const [found, ...rest] = g.interpret([y, ...Object.values(probes)], { ...values, x });
  const names = Object.keys(probes);
  return {
    values: Object.fromEntries(names.map((name, i) => [name, rest[i]!])),
    shapes: Object.fromEntries(names.map((name) => [name, probes[name]!.shape])),
    y: found!,
    parameters: values,
  };
}
