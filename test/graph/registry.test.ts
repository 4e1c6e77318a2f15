/** @file No operator without samples: what the samples' graphs do not contain is checked by nothing. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { lowered } from '../../src/graph/compile';
import { samples } from './samples';
import { buildSample } from './samples/sample';
import { program } from './support/compare';

/** Values that are given: of graphs, and of the bodies of scans, which no walk over a graph enters. */
const LEAVES = new Set(['input', 'local']);

describe('the registry of operators', () => {
  it('has a sample for every operator', function () {
    this.timeout(60_000);
    const [differentiated, written] = [new Set<string>(), new Set<string>()];
    for (const sample of samples) {
      const outputs = Object.values(program(buildSample(sample)));
      for (const { operator } of g.reachable(outputs)) differentiated.add(operator.name);
      for (const target of ['cpu', 'webgpu'] as const) {
        for (const { operator } of g.reachable(lowered(outputs, target))) written.add(operator.name);
      }
    }
    const missing = g
      .registeredOperators()
      .filter(({ name }) => !LEAVES.has(name))
      .filter(({ name, gradient }) => !differentiated.has(name) && (gradient ?? !written.has(name)));
    assert.deepEqual(
      missing.map(({ name }) => name),
      [],
    );
  });

  it('has for every operator a lowering or an expansion', () => {
    const wrong = g
      .registeredOperators()
      .filter(
        ({ name, lower, expand }) => !LEAVES.has(name) && (lower === undefined) === (expand === undefined),
      );
    assert.deepEqual(
      wrong.map(({ name }) => name),
      [],
    );
  });
});
