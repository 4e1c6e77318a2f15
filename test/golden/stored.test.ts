/** @file The authors' numbers: every stored case on every device that this machine has. */
import * as assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatGoldenReport, runGolden } from '../../src/golden';
import { Machine } from '../../src/golden/machine';

const cases = readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Debian's Chromium brings a software Vulkan, enough to check WebGPU for correctness. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const WEBGPU_LIMIT = 100_000;
/**
 * The software device takes about ten seconds to compile the kernels of one case, so a run of all tests takes
 * one or two cases of every target. `SSM_GOLDEN_WEBGPU=all` takes every small one.
 */
const WEBGPU_CASES = new Set([
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
const onWebgpu = (name: string): boolean => process.env['SSM_GOLDEN_WEBGPU'] === 'all' || WEBGPU_CASES.has(name);

async function agrees(name: string, device: string): Promise<void> {
  const report = await runGolden([join(__dirname, name)], { device });
  assert.equal(report.exitCode, 0, formatGoldenReport(report));
  assert.ok(report.cases[0]!.comparisons.length > 0);
  assert.deepEqual(report.cases[0]!.fallbacks, []);
}

describe('golden cases', function () {
  this.timeout(60_000);
  for (const device of ['cpu', 'reference']) {
    describe(`on ${device}`, () => {
      for (const name of cases) it(name, () => agrees(name, device));
    });
  }

  describe('on webgpu', function () {
    this.timeout(300_000);
    let absent: string | undefined;
    before(async () => {
      if (!process.env['VK_ICD_FILENAMES'] && existsSync(SWIFTSHADER)) {
        process.env['VK_ICD_FILENAMES'] = SWIFTSHADER;
        process.env['XDG_RUNTIME_DIR'] ??= '/tmp';
      }
      absent = await new Machine('webgpu').probe().then(
        () => undefined,
        (error: Error) => error.message,
      );
    });
    for (const name of cases) {
      const file = join(__dirname, name, 'tensors.safetensors');
      const size = existsSync(file) ? statSync(file).size : 0;
      if (size > WEBGPU_LIMIT || !onWebgpu(name)) continue;
      it(name, async function () {
        if (absent) {
          this.test!.title += ` (skipped: ${absent.split('\n')[0]})`;
          this.skip();
        }
        await agrees(name, 'webgpu');
      });
    }
  });
});
