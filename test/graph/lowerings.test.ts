/** @file Every lowering against the interpreter: its algebra in float64, its execution in float32. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { lowered } from '../../src/graph/compile';
import { deviceProblem, fallbacks } from '../../src/runtime/ort';
import { samples } from './samples';
import { buildSample, valuesOf, type Sample } from './samples/sample';
import { frugalScan, longScans, scanSamples } from './samples/scans';
import { compareOnDevice, program, relativeError, webgpuProblem } from './support/compare';

function compareExpansion(sample: Sample, target: g.Target, limits?: g.Limits): void {
  const outputs = Object.values(program(buildSample(sample)));
  const values = valuesOf(sample);
  const expected = g.interpret(outputs, values);
  const found = g.interpret(lowered(outputs, target, limits), values);
  // Constants and folded expressions are float32.
  for (const [i, want] of expected.entries()) {
    const error = relativeError(found[i]!, want);
    assert.ok(error < 5e-7, `output ${i} is off by ${error}`);
  }
}

for (const target of ['cpu', 'webgpu'] as const) {
  describe(`expansions for ${target}, in float64`, () => {
    for (const sample of samples) it(sample.name, () => compareExpansion(sample, target));
  });

  describe(`expansions for ${target} that keep next to nothing, in float64`, () => {
    for (const sample of scanSamples)
      it(sample.name, () => compareExpansion(sample, target, { keptBytes: 0 }));
  });

  describe(`expansions for ${target} in many parts, in float64`, () => {
    const limits = { keptBytes: 0, largest: 64 };
    for (const sample of samples) it(sample.name, () => compareExpansion(sample, target, limits));
  });
}

describe('lowerings on the CPU', () => {
  for (const sample of samples) it(sample.name, () => compareOnDevice(sample, 'cpu'));
  for (const { keptBytes, ...sample } of longScans) {
    it(sample.name, () => compareOnDevice(sample, 'cpu', { keptBytes })).timeout(120_000);
  }
});

/** What WebGPU leaves to the CPU where no form of its own is known, by sample; nothing else may leave it. */
const LEFT_TO_CPU: Readonly<Record<string, readonly string[]>> = {};

describe('lowerings on WebGPU', function () {
  this.timeout(240_000);
  let problem: string | undefined;
  let halfProblem: string | undefined;
  before(async () => {
    problem = await webgpuProblem();
    halfProblem = problem ?? (await deviceProblem('webgpu', 'float16'));
  });
  const inParts = samples.filter(({ name }) => name === 'crossEntropy of a product');
  const cases: readonly { readonly sample: Sample; readonly limits?: g.Limits }[] = [
    ...samples.map((sample) => ({ sample })),
    { sample: frugalScan, limits: { keptBytes: 0 } },
    ...[frugalScan, ...inParts].map((sample) => ({
      sample: { ...sample, name: `${sample.name}, in parts` },
      limits: { keptBytes: 0, largest: 64 },
    })),
  ];
  for (const { sample, limits } of cases) {
    it(sample.name, async function () {
      const reason = sample.halves ? halfProblem : problem;
      if (reason !== undefined) {
        const what = problem === undefined ? 'no half precision on this' : 'no';
        this.test!.title += ` (skipped: ${what} WebGPU device here: ${reason.slice(0, 120)})`;
        this.skip();
      }
      const tolerance = 4 * (sample.tolerance ?? 2e-6);
      const timings = await compareOnDevice({ ...sample, tolerance }, 'webgpu', limits);
      const left = fallbacks(timings).map((node) => /\((.*)\)$/.exec(node)![1]!);
      assert.deepEqual(left, LEFT_TO_CPU[sample.name] ?? []);
    });
  }
});
