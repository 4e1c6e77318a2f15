/**
 * @file Stored cases at lengths that nobody stored, where small entries of a gradient stand beside large ones: the
 * float64 interpreter says what is right, and the case how near to it float32 has to come.
 */
import * as assert from 'node:assert/strict';
import { join } from 'node:path';
import { GoldenCase, loadCase, type CaseTensor } from '../../src/golden/case';
import { compareAll } from '../../src/golden/compare';
import { Machine, type Results } from '../../src/golden/machine';
import { targets } from '../../src/golden/targets';
import { Random } from '../../src/util/random';

/** Decoding and states, which say nothing about gradients and are slow to take token by token. */
const SPARED = /decode|state|hidden|angle|last_[kv]/;

/** The case with its parameters, and normal inputs and cotangents of another length. */
function lengthened(stored: GoldenCase, length: number, seed: number): (tensors: Results) => GoldenCase {
  const before = stored.hyperparameters['length'];
  const name = stored.folder.split('/').at(-1)!;
  const tensors = new Map<string, CaseTensor>();
  for (const tensor of stored.names.filter((each) => !SPARED.test(each))) {
    const { shape, values } = stored.tensor(tensor);
    if (tensor.startsWith('param.')) {
      tensors.set(tensor, { shape, values });
      continue;
    }
    const longer = tensor.startsWith('grad.param.') ? shape : shape.map((n) => (n === before ? length : n));
    const random = new Random(seed, name, tensor);
    const count = longer.reduce((product, extent) => product * extent, 1);
    tensors.set(tensor, { shape: longer, values: Float32Array.from({ length: count }, () => random.normal()) });
  }
  const { title, target, tolerance, loose, extra } = stored;
  const hyperparameters = { ...stored.hyperparameters, length };
  return (known) => {
    const all = new Map(tensors);
    for (const [tensor, { shape, values }] of Object.entries(known)) {
      if (all.has(tensor)) all.set(tensor, { shape, values: Float32Array.from(values) });
    }
    return new GoldenCase('', title, target, hyperparameters, tolerance, loose, all, extra);
  };
}

describe('stored cases, lengthened', function () {
  this.timeout(120_000);

  for (const [name, length, seed] of [
    ['mamba2-block', 1024, 2],
    ['mamba3-siso-block-norm-groups', 1024, 0],
    ['mamba3-mimo-block-norm', 2048, 0],
  ] as const) {
    it(`${name} agrees at length ${length} in every entry`, async () => {
      const stored = await loadCase(join(__dirname, name));
      const longer = lengthened(stored, length, seed);
      const run = targets[stored.target]!;
      const exact = (await run(longer({}), new Machine('reference'))) as Results;
      const expected = longer(exact);
      const found = compareAll(expected, (await run(expected, new Machine('cpu'))) as Results);
      assert.ok(found.length > 8);
      const wrong = found.filter(({ agrees }) => !agrees);
      assert.deepEqual(
        wrong.map((each) => `${each.name}: ${each.problem}`),
        [],
      );
    });
  }
});
