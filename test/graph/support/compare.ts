/** @file Running samples on a device beside the float64 reference. */
import assert from 'node:assert/strict';
import * as g from '../../../src/graph';
import { deviceProblem, type NodeTiming, type TypedArray } from '../../../src/runtime/ort';
import { halfToNumber } from '../../../src/util/half';
import { buildSample, valuesOf, type BuiltSample, type Sample } from '../samples/sample';
import { runPlaced } from './placement';

/** Why WebGPU cannot be tested here, undefined when it can. `npm test` chooses a software GPU where there is no other. */
export const webgpuProblem = (): Promise<string | undefined> => deviceProblem('webgpu');

/** Outputs and gradients of a sample, by name. */
export const program = ({ outputs, gradients }: BuiltSample): Record<string, g.Tensor> => ({
  ...Object.fromEntries(outputs.map((tensor, i) => [`y${i}`, tensor])),
  ...Object.fromEntries(gradients.map((tensor, i) => [`d${i}`, tensor])),
});

/** The largest difference, relative to the largest expected value (at least 0.1). */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(found.length, expected.length);
  let [difference, scale] = [0, 0.1];
  for (let i = 0; i < expected.length; i++) {
    // Written so that NaN counts as a difference.
    if (!(Math.abs(found[i]! - expected[i]!) <= difference)) difference = Math.abs(found[i]! - expected[i]!);
    if (Math.abs(expected[i]!) > scale) scale = Math.abs(expected[i]!);
  }
  return difference / scale;
}

const numbers = (values: TypedArray): Exclude<TypedArray, Uint16Array> | Float64Array =>
  values instanceof Uint16Array ? Float64Array.from(values, halfToNumber) : values;

/**
 * Runs a sample's outputs and gradients on a device, compares them with the interpreter and tells what ran where.
 * @param options.target what the graph is written for, the device unless given
 */
export async function compareOnDevice(
  sample: Sample,
  device: 'cpu' | 'webgpu',
  options: g.Limits & { readonly target?: g.Target } = {},
): Promise<NodeTiming[]> {
  const outputs = program(buildSample(sample));
  const values = valuesOf(sample);
  const expected = g.interpret(Object.values(outputs), values);
  const compiled = g.compile(outputs, { target: device, ...options });
  const feeds = Object.fromEntries(
    compiled.inputs.map(({ name, dtype }) => [
      name,
      dtype === 'int32' ? Int32Array.from(values[name]!) : Float32Array.from(values[name]!),
    ]),
  );
  const { outputs: found, timings } = await runPlaced(compiled, feeds, device);
  for (const [i, name] of Object.keys(outputs).entries()) {
    if (sample.exact) assert.deepEqual([...numbers(found[name] as TypedArray)], [...expected[i]!], name);
    const error = relativeError(numbers(found[name] as TypedArray), expected[i]!);
    assert.ok(error <= (sample.tolerance ?? 2e-6), `${name} is off by ${error} of its largest value`);
  }
  return timings;
}
