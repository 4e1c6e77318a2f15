/** @file Compares a layer with its slow form: forward, token by token, and gradients by finite differences. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { mixers, type Dims } from '../../src/layers';
import { Random } from '../../src/util/random';
import type { Values } from './slow';

export type Slow = (
  x: Float64Array,
  shape: readonly [number, number, number],
  p: Values,
  resolved: never,
) => Float64Array;

export interface Variant {
  readonly mixer: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly d_model: number;
  readonly batch: number;
  readonly length: number;
}

const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

function close(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    assert.ok(
      error <= tolerance * (1 + Math.abs(expected[i]!)),
      `${what}[${i}]: ${actual[i]} against ${expected[i]}`,
    );
  }
}

/** Numbers in the graph are float32: attention's scale and wavelengths, the π of Mamba-3's angles, factors of matrices. */
const toleranceOf = ({ mixer }: Variant): number =>
  ['attention', 'mamba3', 'matrix-mixer', 's4', 'sma'].includes(mixer) ? 3e-7 : 1e-8;

/**
 * A layer of the variant with random parameters near their initial values, and a random input of `width` channels.
 * @param spread deviation of the parameters from their initial values
 * @param around what the layer knows of the model besides
 */
export function setUp(variant: Variant, spread = 0.3, around: Partial<Dims> = {}) {
  const { mixer, d_model, batch, length } = variant;
  const dims: Dims = {
    d_model,
    n_layer: 3,
    residuals_per_layer: 1,
    norm_eps: 1e-5,
    cache_length: length + 2,
    ...around,
  };
  const definition = mixers[mixer]!;
  const options = definition.options.parse(variant.options);
  assert.deepEqual(
    definition.check(options, dims).filter(({ severity }) => severity !== 'warning'),
    [],
  );
  const resolved = definition.resolve(options, dims);
  const specs = definition.parameters(resolved, dims);
  const random = new Random(7, JSON.stringify(variant));
  const values: Record<string, Float64Array> = {};
  for (const [name, { shape, init, buffer }] of Object.entries(specs)) {
    const drawn = (near: string): Float32Array => Float32Array.from(values[near]!);
    const start = init(shape, random, drawn);
    const near = Float64Array.from(start, (value) => value + spread * random.normal());
    // Statistics of training are no free numbers: variances and counts are positive.
    values[name] = buffer ? near.map(Math.abs) : near;
  }
  const shape = [batch, length, d_model] as const;
  const width = definition.reads === 'stream and input' ? 2 * d_model : d_model;
  const x = Float64Array.from({ length: batch * length * width }, () => random.normal());
  return { definition, dims, resolved, specs, values, shape, width, x, random };
}

export function checkForwardAndGradients(variant: Variant, slow: Slow): void {
  const { definition, dims, resolved, specs, values, shape, x, random } = setUp(variant);
  const inputs = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, g.input(name, spec.shape)]),
  );
  const input = g.input('x', shape);
  const y = definition.forward(input, inputs, resolved, dims, { probing: false, probe: () => undefined });
  assert.deepEqual([...y.shape], [...shape]);
  const cotangent = Float64Array.from({ length: x.length }, () => random.normal());
  const names = [...Object.keys(specs), 'x'];
  const leaves = names.map((name) => (name === 'x' ? input : inputs[name]!));
  const gradients = g.gradients([{ output: y, cotangent: g.input('cotangent', shape) }], leaves);
  const results = g.interpret([y, ...gradients], { ...values, x, cotangent });
  close(results[0]!, slow(x, shape, values, resolved as never), toleranceOf(variant), 'y');

  const objective = (point: Values): number => {
    const { x: moved, ...p } = point;
    const out = slow(moved!, shape, p, resolved as never);
    return out.reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
  };
  const point: Record<string, Float64Array> = { ...values, x };
  for (const [index, name] of names.entries()) {
    const at = point[name]!;
    // Every entry of small tensors, a few of large ones.
    const entries = at.length <= 4 ? [...at.keys()] : random.choose(4, at.length);
    for (const entry of entries) {
      const step = 1e-5;
      const moved = (by: number): number => {
        const copy = Float64Array.from(at);
        copy[entry]! += by;
        return objective({ ...point, [name]: copy });
      };
      const slope = (moved(step) - moved(-step)) / (2 * step);
      close([results[index + 1]![entry]!], [slope], 2e-6, `gradient of ${name}[${entry}]`);
    }
  }
}

export function checkDecoding(variant: Variant, slow: Slow): void {
  const { definition, dims, resolved, specs, values, shape, x } = setUp(variant);
  const [batch, length, width] = shape;
  const inputs = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, g.input(name, spec.shape)]),
  );
  const shapes = Object.entries(definition.state!(resolved, dims));
  const states = Object.fromEntries(
    shapes.map(([name, rest]) => [name, g.input(`state.${name}`, [batch, ...rest])]),
  );
  const step = definition.step!(g.input('token', [batch, width]), states, inputs, resolved, dims);
  assert.deepEqual(Object.keys(step.state).sort(), Object.keys(states).sort());
  for (const [name, rest] of shapes) assert.deepEqual([...step.state[name]!.shape], [batch, ...rest], name);
  let current: Record<string, Float64Array> = Object.fromEntries(
    shapes.map(([name, rest]) => [name, new Float64Array(batch * size(rest))]),
  );
  const expected = slow(x, shape, values, resolved as never);
  const names = Object.keys(step.state);
  for (let t = 0; t < length; t++) {
    const row = (from: Float64Array): Float64Array =>
      Float64Array.from(
        { length: batch * width },
        (_, i) => from[(Math.floor(i / width) * length + t) * width + (i % width)]!,
      );
    const feeds = Object.fromEntries(
      Object.entries(current).map(([name, value]) => [`state.${name}`, value]),
    );
    const results = g.interpret([step.y, ...names.map((name) => step.state[name]!)], {
      ...values,
      ...feeds,
      token: row(x),
    });
    close(results[0]!, row(expected), toleranceOf(variant), `token ${t}`);
    current = Object.fromEntries(names.map((name, i) => [name, results[i + 1]!]));
  }
}
