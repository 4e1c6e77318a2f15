/**
 * @file The authors' numbers on WebGPU, with nothing left to the CPU: every small case, and on SwiftShader, which takes
 * about ten seconds to compile the kernels of one, one or two of every target.
 */
import * as assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatGoldenReport, runGolden } from '../../src/golden';
import { Machine } from '../../src/golden/machine';

const LIMIT = 100_000;
const FEW = new Set([
  'hydra-block-groups-init',
  'mamba2-hybrid-stack',
  'seqboat-layer',
  'spacetime-companion',
  'spacetime-closed-loop',
  'mamba3-siso-block-norm-groups',
  'mamba3-mimo-block-norm',
  'zamba-block',
  'h3-layer-head2',
  'long-conv-block-fft',
  'long-conv-layer-bidirectional-smooth',
  'mamba-selective-scan-fixed-bc',
  'mamba-selective-scan-groups',
  'mamba-block-bias',
  'mamba-lm',
  'mamba-lm-generate',
  'mamba2-ssd-init-state',
  'mamba2-block-groups',
  'mamba2-block-variants',
  'mamba2-lm',
  'mamba2-lm-train',
  's4-dplr-nssm1-softplus',
  's4-dplr-rank2',
  's4d-block-bidirectional',
  's4d-kernel-variants',
]);
const few = process.env['VK_ICD_FILENAMES']?.includes('swiftshader') === true;

const sizeOf = (name: string): number => {
  const file = join(__dirname, name, 'tensors.safetensors');
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
};

const cases = readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && sizeOf(entry.name) <= LIMIT)
  .map(({ name }) => name)
  .filter((name) => !few || FEW.has(name));

describe(`golden cases on WebGPU${few ? ' (SwiftShader)' : ''}`, function () {
  this.timeout(300_000);
  let absent: string | undefined;
  before(async () => {
    absent = await new Machine('webgpu').probe().then(
      () => undefined,
      (error: Error) => error.message,
    );
  });
  for (const name of cases) {
    it(name, async function () {
      if (absent !== undefined) {
        this.test!.title += ` (skipped: ${absent.split('\n')[0]})`;
        this.skip();
      }
      const report = await runGolden([join(__dirname, name)], { device: 'webgpu' });
      assert.equal(report.exitCode, 0, formatGoldenReport(report));
      assert.ok(report.cases[0]!.comparisons.length > 0);
      assert.deepEqual(report.cases[0]!.fallbacks, []);
    });
  }
});
