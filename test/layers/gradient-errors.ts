/** @file How far a layer's gradients in float32 are from those in float64. */
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import { openSession } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';
import { relativeError } from '../graph/support/compare';

export interface Case {
  readonly mixer: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly length: number;
  /** Deviation of the weights from their initial values, none unless given. */
  readonly spread?: number;
  readonly seed?: string;
}

/** Largest errors of all gradients on the CPU, as shares of their largest entries. */
export async function gradientErrors(tried: Case): Promise<Record<string, number>> {
  const { mixer, options: given, length, spread = 0, seed = mixer } = tried;
  const d_model = 4;
  const layer = mixers[mixer]!;
  const dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5, length };
  const options = layer.options.parse({ final_act: 'none', ...given });
  const resolved = layer.resolve(options, dims);
  const random = new Random(1, seed);
  const normal = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
  const feeds: Record<string, Float32Array> = { x: normal(length * d_model) };
  const leaves: Record<string, g.Tensor> = {};
  for (const [name, { shape, init: start }] of Object.entries(layer.parameters(resolved, dims))) {
    const drawn = start(shape, new Random(0, seed, name), (other) => feeds[other]);
    feeds[name] = Float32Array.from(drawn, (value) => value + spread * random.normal());
    leaves[name] = g.input(name, shape);
  }
  const x = g.input('x', [1, length, d_model]);
  const y = layer.forward(x, leaves, resolved, dims, { probing: false, probe: () => {} });
  feeds['dy'] = normal(length * d_model);
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
