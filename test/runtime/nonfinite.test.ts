/** @file The guard against NaN: the layer and the tensor are named, the last good state stays. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from '../../src/inspect/inspect';
import { resolveText } from '../../src/language';
import { RunControl } from '../../src/runtime/process/control';
import { train } from '../../src/runtime/train';
import { findNonFinite } from '../../src/runtime/train/nonfinite';
import { tinyBatch, tinyModel } from './support/engines';

describe('the first value that is not finite', () => {
  const model = tinyModel([{ mixer: 'mlp' }, { mixer: 'mamba', d_state: 4 }], 8, 16);
  const batches = [tinyBatch(0, 2), tinyBatch(1, 2)];
  const broken = (change: (parameters: Map<string, Float32Array>) => void) => {
    const parameters = model.initialise(1);
    change(parameters);
    return findNonFinite(model, parameters, batches, 1);
  };

  it('is named with its layer, its operator and the parameter that went in', async () => {
    const found = await broken((parameters) =>
      parameters.get('backbone.layers.1.mixer.in_proj.weight')!.fill(3e38),
    );
    assert.match(found.scope, /^layers\.1\/mixer/);
    assert.match(found.tensor, /linear.*backbone\.layers\.1\.mixer\.in_proj\.weight/);
    assert.ok(found.largest.value > 1e38);
  });

  it('is the parameter itself when that is broken already', async () => {
    const name = 'backbone.layers.0.mixer.fc2.weight';
    const found = await broken((parameters) => (parameters.get(name)![3] = Number.NaN));
    assert.equal(found.tensor, name);
  });

  it('is found in mixed precision and with checkpointing, too', async () => {
    const parameters = model.initialise(1);
    parameters.get('backbone.layers.0.mixer.fc1.weight')!.fill(1e6);
    const found = await findNonFinite(model, parameters, batches, 1, { half: true, checkpointing: true });
    assert.match(found.scope, /^layers\.0\/mixer/);
  });
});

describe('a run whose numbers explode', function () {
  this.timeout(60_000);

  it('stops at once, keeps the last good state and says what to try', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'explode-'));
    try {
      const { config, text } = await resolveText(
        `
data: {type: induction-heads, length: 8, vocab_size: 4}
model: {d_model: 8, layers: [{mixer: mamba, d_state: 2}]}
train: {steps: 50, batch_size: 2, clip: 0, checkpoint_every: 1000, optimizer: {name: sgd, lr: 1e9}}
eval: {every: 1000, examples: 2}
device: cpu
`,
        join(folder, 'x.ssm.yaml'),
      );
      const run = train({
        config: config!,
        configText: text!,
        configPath: join(folder, 'x.ssm.yaml'),
        baseDir: folder,
        bundledDir: folder,
        runDir: join(folder, 'run'),
        threads: 1,
        version: '0',
        control: new RunControl(),
        inspect,
      });
      await assert.rejects(run, /is not finite.*last good state is checkpoints\/step-\d+.*Try a lower/s);
      const rows = (await readFile(join(folder, 'run/metrics.jsonl'), 'utf8')).trim().split('\n');
      const events = rows.map((row) => JSON.parse(row) as { event?: string; step: number; scope?: string });
      const failed = events.find(({ event }) => event === 'non-finite')!;
      assert.ok(failed.step >= 1);
      // Nothing was due: the state before the failing step was saved because of it.
      assert.deepEqual(await readdir(join(folder, 'run/checkpoints')), [
        `step-${String(failed.step - 1).padStart(6, '0')}`,
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
