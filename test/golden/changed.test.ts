/**
 * @file No expected number of a stored case is for show: with all of them a tenth larger, or zero, every single tensor
 * disagrees: outputs, gradients, states behind tokens, steps of training.
 */
import * as assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runGolden } from '../../src/golden';
import { readCase, withCase } from './folder';

/** Points that a slice is taken at: expected, and read. */
const READ = new Set(['output.slice_alpha']);

const cases = readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  // Checkpoints and headers are files of their own kinds, changed in the runner's test.
  .filter((name) => existsSync(join(__dirname, name, 'tensors.safetensors')))
  .filter((name) => !readCase(join(__dirname, name)).json.target.startsWith('checkpoint.'));

describe('golden cases whose numbers are changed', function () {
  this.timeout(60_000);
  for (const name of cases) {
    for (const factor of [1.1, 0]) {
      it(`${name}, times ${factor}`, async () => {
        const { json, tensors } = readCase(join(__dirname, name));
        const changed: string[] = [];
        for (const [tensor, { data }] of tensors) {
          if (/^(input|param|buffer|cotangent)\b/.test(tensor) || READ.has(tensor)) continue;
          const whole = data instanceof Int32Array;
          if (!whole && data.every((value) => value === 0)) continue;
          data.forEach((value, i) => (data[i] = whole ? value + 1 : value * factor));
          changed.push(tensor);
        }
        assert.ok(changed.length > 0);
        const report = await withCase(json, tensors, (folder) => runGolden([folder], { device: 'cpu' }));
        assert.equal(report.exitCode, 1);
        const refused = report.cases[0]!.comparisons.filter(({ agrees }) => !agrees).map((one) => one.name);
        assert.deepEqual([...refused].sort(), changed.sort());
      });
    }
  }
});
