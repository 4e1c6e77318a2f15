/**
 * @file What onnxruntime computes is what the float64 reference computes, for random options and sizes of every layer:
 * outputs and gradients in float32 and in mixed precision, and where it decodes the first token and a prompt.
 */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as g from '../../src/graph';
import { mixers } from '../../src/layers';
import { deviceProblem, openSession } from '../../src/runtime/ort';
import { setUp } from './check-layer';
import { drawOptions, repaired, type Options } from './random-options';

interface Sizes {
  readonly d_model: number;
  readonly batch: number;
  readonly length: number;
}

/** Of the weights around their initial values. S4 loses digits where its modes stop decaying. */
const spreadOf = (mixer: string): number => (mixer === 's4' ? 0.02 : 0.2);

type Layer = ReturnType<typeof setUp>;

function inputsOf({ specs, shape, width }: Layer) {
  const p = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, g.input(name, spec.shape)]),
  );
  const [batch, length] = shape;
  return { p, x: g.input('x', [batch, length, width]), cotangent: g.input('cotangent', shape) };
}
type Inputs = ReturnType<typeof inputsOf>;

/** The output and the gradients of everything that is trained and of the input. */
function trainingOf(layer: Layer, { p, x, cotangent }: Inputs, half = false): Record<string, g.Tensor> {
  const { definition, dims, resolved, specs } = layer;
  const full = definition.forward(x, p, resolved, dims, { probing: false, probe: () => undefined });
  const y = half ? g.halfPrecision(full, [x], Object.values(p)) : full;
  const trained = Object.keys(specs).filter((name) => specs[name]!.frozen !== true);
  const gradients = g.gradients([{ output: y, cotangent }], [...trained.map((name) => p[name]!), x]);
  return {
    y,
    ...Object.fromEntries(gradients.map((gradient, i) => [`gradient of ${trained[i] ?? 'x'}`, gradient])),
  };
}

/** A step and a prompt from nothing, and the nothing. */
function decodingOf({ definition, dims, resolved, shape, width }: Layer, { p, x }: Inputs) {
  const program: Record<string, g.Tensor> = {};
  const zeros: Record<string, Float64Array> = {};
  if (!definition.causal(resolved) || !definition.step) return { program, zeros };
  const [batch] = shape;
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
  return { program, zeros };
}

/** Where and how to compute. */
interface Way {
  readonly device: 'cpu' | 'webgpu';
  readonly half: boolean;
  /** Opening a graph on a device takes longer there. */
  readonly runs: number;
  /** Of the largest entry, which counts as at least `least`. */
  readonly tolerance: number;
  readonly least: number;
}

const ways: Readonly<Record<string, Way>> = {
  'on the CPU': { device: 'cpu', half: false, runs: 10, tolerance: 0.02, least: 0.01 },
  'on WebGPU': { device: 'webgpu', half: false, runs: 4, tolerance: 0.02, least: 0.01 },
  // Where a gradient is small because large terms cancel, eleven bits of them remain.
  'on WebGPU in mixed precision': { device: 'webgpu', half: true, runs: 4, tolerance: 0.05, least: 0.1 },
};

async function agrees(
  { device, half, tolerance, least }: Way,
  mixer: string,
  drawn: Options,
  { d_model, batch, length }: Sizes,
): Promise<void> {
  const definition = mixers[mixer]!;
  const around = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5, length };
  const options = repaired(definition, drawn, around);
  const layer = setUp({ mixer, options, d_model, batch, length }, spreadOf(mixer), { length });
  const inputs = inputsOf(layer);
  const full = trainingOf(layer, inputs);
  const { program: decoding, zeros } = half ? { program: {}, zeros: {} } : decodingOf(layer, inputs);
  const cotangent = Float64Array.from({ length: batch * length * d_model }, () => layer.random.normal());
  const singles = Object.fromEntries(
    Object.entries({ ...layer.values, ...zeros, x: layer.x, cotangent }).map(([name, value]) => [
      name,
      Float32Array.from(value),
    ]),
  );
  const reference = { ...full, ...decoding };
  const names = Object.keys(reference);
  const expected = g.interpret(Object.values(reference), singles);
  const program = half ? trainingOf(layer, inputs, true) : reference;
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
      assert.ok(error <= tolerance * (largest + least), `${name}[${j}]: ${single[j]} against ${value}`);
    });
  }
}

for (const [title, way] of Object.entries(ways)) {
  describe(`onnxruntime ${title} computes what the reference does, with random options`, function () {
    this.timeout(240_000);
    let problem: string | undefined;
    before(async () => {
      problem = await deviceProblem(way.device, way.half ? 'float16' : 'float32');
    });
    const sizes = fc.record({
      d_model: fc.constantFrom(1, 2, 3, 4, 6, 8),
      batch: fc.constantFrom(1, 2, 3),
      length: fc.integer({ min: 1, max: 14 }),
    });
    for (const [mixer, definition] of Object.entries(mixers)) {
      it(mixer, async function () {
        if (problem !== undefined) {
          this.test!.title += ` (skipped: no such device here: ${problem.slice(0, 120)})`;
          this.skip();
        }
        const property = fc.asyncProperty(drawOptions(definition), sizes, (drawn, drawnSizes) =>
          agrees(way, mixer, drawn, drawnSizes),
        );
        await fc.assert(property, { numRuns: way.runs });
      });
    }
  });
}
