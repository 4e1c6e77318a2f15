/** @file The runner refuses what is wrong: changed numbers, unknown options, damaged folders, absent devices. */
import * as assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatGoldenReport, runGolden } from '../../src/golden';
import { encodeSafetensors } from '../../src/formats/safetensors';
import { readCase, withCase, writeCase, type CaseJson, type Stored } from './folder';

const stored = (name: string) => readCase(join(__dirname, name));

/** Runs a changed copy of a stored case. */
async function run(name: string, change: (tensors: Stored, json: CaseJson) => void) {
  const { json, tensors } = stored(name);
  change(tensors, json);
  return withCase(json, tensors, (folder) => runGolden([folder], { device: 'reference' }));
}

const targets = [
  'mamba-selective-scan-fixed-bc',
  'mamba-block-bias',
  'mamba2-ssd-init-state',
  'mamba2-block-groups',
  'mamba2-lm',
  'mamba-lm-generate',
  'mamba2-lm-train',
  'h3-layer',
  'long-conv-block-fft',
  'long-conv-layer-short-kernel',
  's4-dplr-bidirectional',
  's4-hippo',
  's4d-block-channels',
  's4d-kernel-variants',
  's4d-layer',
];

describe('golden runner', function () {
  this.timeout(60_000);

  for (const name of targets) {
    const compared = [...stored(name).tensors.keys()].filter((tensor) => /^(output|grad)\./.test(tensor));
    const some = compared.filter((_, i) => i % Math.ceil(compared.length / 4) === 0);
    for (const tensor of some) {
      it(`${name}: ${tensor} changed by a tenth or zeroed is a disagreement`, async () => {
        for (const factor of [1.1, 0]) {
          const report = await run(name, (tensors) => {
            const { data } = tensors.get(tensor)!;
            data.forEach((value, i) => (data[i] = data instanceof Int32Array ? value + 1 : value * factor));
          });
          assert.equal(report.exitCode, 1, formatGoldenReport(report));
          const failed = report.cases[0]!.comparisons.filter(({ agrees }) => !agrees).map((one) => one.name);
          assert.deepEqual(failed, [tensor]);
        }
      });
    }
  }

  it('a single NaN among the expected values is a disagreement', async () => {
    const report = await run('mamba-block', (tensors) => (tensors.get('output.y')!.data[5] = NaN));
    assert.equal(report.exitCode, 1);
    assert.match(formatGoldenReport(report), /FAIL output\.y.*not finite/);
  });

  it('an expected tensor that nothing computes is listed and counts as a failure', async () => {
    const report = await run('mamba-block', (tensors) => {
      tensors.set('output.surprise', { shape: [1], data: Float32Array.of(1) });
      tensors.set('input.surprise', { shape: [1], data: Float32Array.of(1) });
    });
    assert.equal(report.exitCode, 1);
    assert.deepEqual(report.cases[0]!.uncompared, ['output.surprise', 'input.surprise']);
  });

  it('a case with nothing to compare does not pass', async () => {
    const report = await run('mamba-block', (tensors) => {
      for (const name of tensors.keys()) if (/^(output|grad|cotangent)/.test(name)) tensors.delete(name);
    });
    assert.equal(report.exitCode, 1);
  });

  it('gradients need not all be stored, and decoding is optional', async () => {
    const report = await run('mamba-block', (tensors) => {
      for (const name of tensors.keys()) if (/decode|_state_t|grad\.param\.D/.test(name)) tensors.delete(name);
    });
    assert.equal(report.exitCode, 0, formatGoldenReport(report));
  });

  it('tensors under zero or tiny are held to rtol and atol alone', async () => {
    const change = (tensors: Stored): void => {
      const { data } = tensors.get('grad.param.D')!;
      // Far above max_norm of the largest value, but within an atol that is larger still.
      data.forEach((value, i) => (data[i] = value * 1e-9));
    };
    const loose = await run('mamba-block', (tensors, json) => {
      change(tensors);
      json['tiny'] = ['grad.param.D'];
      json.tolerance = { rtol: 1e-3, atol: 100 };
    });
    assert.equal(loose.exitCode, 0, formatGoldenReport(loose));
    const strict = await run('mamba-block', (tensors, json) => {
      change(tensors);
      json.tolerance = { rtol: 1e-3, atol: 100 };
    });
    assert.equal(strict.exitCode, 1);
  });

  for (const [what, change] of [
    ['a target that is not built', (_: Stored, json: CaseJson) => (json.target = 'mamba.unheard')],
    ['a target named like a method', (_: Stored, json: CaseJson) => (json.target = 'constructor')],
    ['an unknown option', (_: Stored, json: CaseJson) => (json.hyperparameters['twist'] = true)],
    ['a known option of another type', (_: Stored, json: CaseJson) => (json.hyperparameters['bias'] = 'half')],
  ] as const) {
    it(`${what} is not supported`, async () => {
      const report = await run('mamba-block', change);
      assert.equal(report.exitCode, 2, formatGoldenReport(report));
    });
  }

  it('options of a language model that are not built are not supported', async () => {
    for (const change of [
      (json: CaseJson) => (json.hyperparameters['rms_norm'] = false),
      (json: CaseJson) => (json.hyperparameters['ssm_cfg'] = { layer: 'Mamba3' }),
      (json: CaseJson) => ((json.hyperparameters['attn_cfg'] as Record<string, unknown>)['use_alibi'] = true),
    ]) {
      const report = await run('mamba2-attn-lm', (_, json) => change(json));
      assert.equal(report.exitCode, 2, formatGoldenReport(report));
    }
  });

  it('an option that is built counts: another scale of the softmax disagrees', async () => {
    const report = await run(
      'mamba2-attn-lm',
      (_, json) => ((json.hyperparameters['attn_cfg'] as Record<string, unknown>)['softmax_scale'] = 2),
    );
    assert.equal(report.exitCode, 1, formatGoldenReport(report));
  });

  for (const [what, change] of [
    ['a missing parameter', (tensors: Stored) => tensors.delete('param.A_log')],
    ['a missing input', (tensors: Stored) => tensors.delete('input.x')],
    ['a missing cotangent', (tensors: Stored) => tensors.delete('cotangent')],
    ['a parameter of another shape', (tensors: Stored) => tensors.set('param.D', { shape: [3], data: new Float32Array(3) })],
    ['a gradient of something unknown', (tensors: Stored) => tensors.set('grad.param.x', { shape: [1], data: new Float32Array(1) })],
    ['hyperparameters that are a list', (_: Stored, json: CaseJson) => (json.hyperparameters = [] as never)],
    ['a tolerance that is text', (_: Stored, json: CaseJson) => (json.tolerance = { rtol: 'small', atol: 0 })],
    ['no tolerance', (_: Stored, json: CaseJson) => (json.tolerance = undefined as never)],
  ] as const) {
    it(`${what} is a malformed case`, async () => {
      const report = await run('mamba-block', change as (tensors: Stored, json: CaseJson) => void);
      assert.equal(report.exitCode, 64, formatGoldenReport(report));
      assert.equal(report.cases[0]!.status, 'malformed');
    });
  }

  it('no hyperparameter can make it fail in another way', async () => {
    const { json, tensors } = stored('mamba2-block-variants');
    const original = json.hyperparameters;
    for (const key of Object.keys(original)) {
      for (const value of [null, -1, 0, 7, 1e9, 0.5, 'x', '__proto__', true, [], [1, 2], {}]) {
        json.hyperparameters = { ...original, [key]: value };
        const report = await withCase(json, tensors, (folder) => runGolden([folder], { device: 'reference' }));
        const what = `${key}: ${JSON.stringify(value)}`;
        assert.ok([0, 1, 2, 64].includes(report.exitCode), what);
        assert.doesNotMatch(report.cases[0]!.message ?? '', /^failed/, what);
      }
    }
  });

  it('ids outside the vocabulary are malformed', async () => {
    const report = await run('mamba-lm', (tensors) => (tensors.get('input.ids')!.data[3] = 24));
    assert.equal(report.exitCode, 64);
    assert.match(report.cases[0]!.message!, /id 24/);
  });

  describe('folders', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'golden-'))));
    afterEach(() => rmSync(folder, { recursive: true }));
    const code = async (paths: string[], device = 'reference'): Promise<number> =>
      (await runGolden(paths, { device })).exitCode;

    it('wrong usage is 64', async () => {
      assert.equal(await code([]), 64);
      assert.equal(await code([folder]), 64);
      assert.equal(await code([join(folder, 'nowhere')]), 64);
      assert.equal(await code([join(__dirname, 'folder.ts')]), 64);
      assert.equal(await code([join(__dirname, 'mamba-block')], 'abacus'), 64);
    });

    it('damaged files are 64', async () => {
      writeFileSync(join(folder, 'case.json'), '{"target": "mamba.block"');
      assert.equal(await code([folder]), 64);
      writeFileSync(join(folder, 'case.json'), 'null');
      assert.equal(await code([folder]), 64);
      const { json, tensors } = stored('mamba-block');
      writeCase(folder, json, tensors);
      writeFileSync(join(folder, 'tensors.safetensors'), 'damaged');
      assert.equal(await code([folder]), 64);
      rmSync(join(folder, 'tensors.safetensors'));
      assert.equal(await code([folder]), 64);
    });

    it('a header that is judged wrongly is a disagreement, a file outside the folder malformed', async () => {
      const whole = encodeSafetensors([['a', { shape: [2], data: Float32Array.of(1, NaN) }]]);
      writeFileSync(join(folder, 'a.safetensors'), whole);
      writeFileSync(join(folder, 'cut.safetensors'), whole.subarray(0, whole.length - 1));
      const code = async (...files: unknown[]): Promise<number> => {
        const json = { target: 'checkpoint.safetensors_headers', tolerance: { rtol: 0, atol: 0 }, files };
        writeFileSync(join(folder, 'case.json'), JSON.stringify(json));
        return (await runGolden([folder], { device: 'reference' })).exitCode;
      };
      const good = { file: 'a.safetensors', accept: true, expect: { a: [1, 'NaN'] } };
      assert.equal(await code(good, { file: 'cut.safetensors', accept: false }), 0);
      assert.equal(await code({ ...good, accept: false }), 1);
      assert.equal(await code({ ...good, expect: { a: [1, 2] } }), 1);
      assert.equal(await code({ ...good, expect: { b: [1] } }), 1);
      assert.equal(await code({ file: 'cut.safetensors', accept: true }), 1);
      assert.equal(await code({ file: '../a.safetensors', accept: true }), 64);
      assert.equal(await code({ file: 'missing.safetensors', accept: true }), 64);
    });

    it('a folder of cases runs them all, and the worst decides the exit code', async () => {
      const good = stored('mamba2-ssd');
      writeCase(join(folder, 'a'), good.json, good.tensors);
      writeCase(join(folder, 'b'), { ...good.json, target: 'something.else' }, good.tensors);
      const report = await runGolden([folder], { device: 'reference' });
      assert.deepEqual(report.cases.map(({ status }) => status), ['agrees', 'not-supported']);
      assert.equal(report.exitCode, 2);
      assert.match(formatGoldenReport(report), /1 agrees, 1 not-supported/);
      const json = JSON.parse(formatGoldenReport(report, 'json')) as { exitCode: number; cases: unknown[] };
      assert.equal(json.exitCode, 2);
      assert.equal(json.cases.length, 2);
    });
  });
});
