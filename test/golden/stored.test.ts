/** @file The authors' numbers: every stored case in float64 and on the CPU. */
import * as assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatGoldenReport, runGolden } from '../../src/golden';

const cases = readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

async function agrees(name: string, device: string): Promise<void> {
  const report = await runGolden([join(__dirname, name)], { device });
  assert.equal(report.exitCode, 0, formatGoldenReport(report));
  assert.ok(report.cases[0]!.comparisons.length > 0);
}

describe('golden cases', function () {
  this.timeout(60_000);
  for (const device of ['cpu', 'reference']) {
    describe(`on ${device}`, () => {
      for (const name of cases) it(name, () => agrees(name, device));
    });
  }
});
