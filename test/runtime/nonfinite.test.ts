/** @file The guard against NaN: the layer and the tensor are named, the last good state stays. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from '../../src/inspect/inspect';
import { resolveText } from '../../src/language';
import type { RunConfig } from '../../src/models/config';
import { readRunInfo } from '../../src/runs';
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

  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'explode-'))));
  afterEach(() => rm(folder, { recursive: true }));

  /** Trains until it fails. @param keys of `train` */
  const failing = async (keys: string, model = '') => {
    const { config, text } = await resolveText(
      `
data: {type: induction-heads, length: 8, vocab_size: 4}
model: {d_model: 8, layers: [{mixer: mamba, d_state: 2}]${model}}
train: {batch_size: 2, clip: 0, ${keys}}
eval: {every: 1000, examples: 3}
device: cpu
`,
      join(folder, 'x.ssm.yaml'),
    );
    const runDir = join(folder, 'run');
    const given = { configPath: join(folder, 'x.ssm.yaml'), baseDir: folder, bundledDir: folder };
    const run = (resume?: RunConfig) =>
      train({
        ...{ config: config!, configText: text!, ...given, runDir, threads: 1, version: '0' },
        ...(resume && { resume }),
        control: new RunControl(),
        inspect,
      });
    const message = await run().then(
      () => assert.fail('the run finished'),
      (error: Error) => error.message,
    );
    const rows = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const events = rows.map((row) => JSON.parse(row) as { event?: string; step: number; tensor?: string });
    return {
      message,
      failed: events.find(({ event }) => event === 'non-finite')!,
      checkpoints: await readdir(join(runDir, 'checkpoints')).catch(() => []),
      status: (await readRunInfo(runDir)).status,
      again: () => run(config!),
    };
  };

  it('stops at once, keeps the last good state and says what to try', async () => {
    const { message, failed, checkpoints } = await failing(
      'steps: 50, checkpoint_every: 1000, optimizer: {name: sgd, lr: 1e9}',
    );
    assert.match(message, /is not finite.*last good state is checkpoints\/step-\d+.*Try a lower/s);
    assert.ok(failed.step >= 1);
    // Nothing was due: the state before the failing step was saved because of it.
    assert.deepEqual(checkpoints, [`step-${String(failed.step - 1).padStart(6, '0')}`]);
  });

  it('stops at an evaluation that is not finite, also the last one, and keeps what it evaluated', async () => {
    const { message, failed, checkpoints, status, again } = await failing(
      'steps: 1, optimizer: {name: sgd, lr: 1e25}',
    );
    assert.match(
      message,
      /^Step 1: the validation loss is not finite\. The first such value is .* in layer 0 .* kept in checkpoints\/step-000001\./,
    );
    assert.equal(failed.step, 1);
    assert.deepEqual(checkpoints, ['step-000001']);
    assert.equal(status, 'failed');
    // The checkpoint can be read: nothing is trained again.
    assert.equal((await again()).step, 1);
  });

  it('never saves parameters that are not finite', async () => {
    const { message, checkpoints } = await failing(
      'steps: 9, checkpoint_every: 1, optimizer: {name: sgd, lr: 3e38}',
      ', logit_scale: 1e8',
    );
    assert.match(
      message,
      /^Step 2: the state is not finite\. The first such value is backbone\..* last good state is checkpoints\/step-000001\./,
    );
    assert.deepEqual(checkpoints, ['step-000001']);
  });

  it('never saves an optimiser that has overflowed', async () => {
    const { message, checkpoints } = await failing(
      'steps: 4, checkpoint_every: 1, optimizer: {name: adam, weight_decay: 1e30}',
    );
    assert.match(
      message,
      /^Step 1: the state is not finite\. The first such value is exp_avg_sq\.backbone\./,
    );
    assert.deepEqual(checkpoints, []);
  });
});
