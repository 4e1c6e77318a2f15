/**
 * @file What onnxruntime computes in float32 is what the float64 reference computes, for random options and sizes of every
 * layer: outputs, gradients, and where it decodes the first token and a prompt.
 */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import { openSession } from '../../src/runtime/ort';
import { webgpuProblem } from '../graph/support/compare';
import { setUp } from './check-layer';
import { drawOptions, repaired, type Options } from './random-options';

interface Sizes {
  readonly d_model: number;
  readonly batch: number;
  readonly length: number;
}

/** Of the weights around their initial values. S4 loses digits where its modes stop decaying. */
const spreadOf = (mixer: string): number => (mixer === 's4' ? 0.02 : 0.2);

/** Gradients of everything that is trained and of the input, and a step and a prompt from nothing. */
function programOf({ definition, dims, resolved, specs, shape, width }: ReturnType<typeof setUp>) {
  const p = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, g.input(name, spec.shape)]),
  );
  const [batch, length] = shape;
  const x = g.input('x', [batch, length, width]);
  const y = definition.forward(x, p, resolved, dims, { probing: false, probe: () => undefined });
  const trained = Object.keys(specs).filter((name) => specs[name]!.frozen !== true);
  const cotangent = g.input('cotangent', shape);
  const leaves = [...trained.map((name) => p[name]!), x];
  const program: Record<string, g.Tensor> = { y };
  for (const [i, gradient] of g.gradients([{ output: y, cotangent }], leaves).entries()) {
    program[`gradient of ${trained[i] ?? 'x'}`] = gradient;
  }
  const zeros: Record<string, Float64Array> = {};
  if (definition.causal(resolved) && definition.step) {
    const states = Object.fromEntries(
      Object.entries(definition.state!(resolved, dims)).map(([name, rest]) => {
        zeros[`state.${name}`] = new Float64Array(rest.reduce((size, extent) => size * extent, batch));
        return [name, g.input(`state.${name}`, [batch, ...rest])];
      }),
    );
    const first = g.reshape(g.slice(x, 1, 0, 1), [batch, width]);
    const found = { step: definition.step(first, states, p, resolved, dims) };
    const ways = definition.prefill
      ? { ...found, prompt: definition.prefill(x, states, p, resolved, dims) }
      : found;
    for (const [way, { y: read, state }] of Object.entries(ways)) {
      program[`y of the ${way}`] = read;
      for (const [name, tensor] of Object.entries(state)) program[`${name} behind the ${way}`] = tensor;
    }
  }
  return { program, zeros };
}

async function agrees(
  device: 'cpu' | 'webgpu',
  mixer: string,
  drawn: Options,
  { d_model, batch, length }: Sizes,
): Promise<void> {
  const definition = mixers[mixer]!;
  const around = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5, length };
  const options = repaired(definition, drawn, around);
  const layer = setUp({ mixer, options, d_model, batch, length }, spreadOf(mixer), { length });
  const { program, zeros } = programOf(layer);
  const cotangent = Float64Array.from({ length: batch * length * d_model }, () => layer.random.normal());
  const singles = Object.fromEntries(
    Object.entries({ ...layer.values, ...zeros, x: layer.x, cotangent }).map(([name, value]) => [
      name,
      Float32Array.from(value),
    ]),
  );
  const names = Object.keys(program);
  const expected = g.interpret(
    names.map((name) => program[name]!),
    singles,
  );
  const session = await openSession(g.compile(program, { target: device }), { device });
  const found = await session.run(singles);
  await session.release();
  for (const [i, name] of names.entries()) {
    const single = found[name] as Float32Array;
    const largest = expected[i]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expected[i]!.forEach((value, j) => {
      let error = Math.abs(single[j]! - value);
      // Angles are equal up to whole turns.
      if (name.startsWith('angle_state')) error = Math.min(error, Math.abs(error - 2 * Math.PI));
      assert.ok(error <= 0.02 * (largest + 0.01), `${name}[${j}]: ${single[j]} against ${value}`);
    });
  }
}

/** Opening a graph on a device takes longer there. */
const runs = { cpu: 10, webgpu: 4 };

for (const device of ['cpu', 'webgpu'] as const) {
  describe(`onnxruntime on ${device} computes what the reference does, with random options`, function () {
    this.timeout(240_000);
    const sizes = fc.record({
      d_model: fc.constantFrom(1, 2, 3, 4, 6, 8),
      batch: fc.constantFrom(1, 2, 3),
      length: fc.integer({ min: 1, max: 14 }),
    });
    for (const [mixer, definition] of Object.entries(mixers)) {
      it(mixer, async function () {
        const problem = device === 'webgpu' ? await webgpuProblem() : undefined;
        if (problem !== undefined) {
          this.test!.title += ` (skipped: no WebGPU device here: ${problem.slice(0, 120)})`;
          this.skip();
        }
        const property = fc.asyncProperty(drawOptions(definition), sizes, (drawn, drawnSizes) =>
          agrees(device, mixer, drawn, drawnSizes),
        );
        await fc.assert(property, { numRuns: runs[device] });
      });
    }
  });
}
