/** @file Training on from a checkpoint of others: all weights, or low-rank updates that are merged afterwards. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadCheckpoint, openModelFolder } from '../../src/runtime/checkpoint';
import { logitsOf } from '../../src/runtime/logits';
import { startingWeights } from '../../src/runtime/train/start';
import { rows, run } from '../cli/cli';

const golden = resolve(__dirname, '../golden/hf-mamba-tiny');
const ids = [5, 9, 1, 33, 7, 2];

const config = (model = '', train = ''): string => `
data: {type: text, files: [text.txt], context: 16}
model:
  d_model: 24
  layers: [{mixer: mamba, repeat: 3, d_state: 8, dt_rank: 2}]
  vocab_size: 288
${model}
train: {from: ${JSON.stringify(golden)}, steps: 12, batch_size: 4, optimizer: {lr: 0.01}${train}}
eval: {every: 100, examples: 4}
device: cpu
`;

describe('fine-tuning', function () {
  this.timeout(120_000);
  let folder: string;
  const train = async (text: string): Promise<string> => {
    const file = join(folder, 'tiny.ssm.yaml');
    await writeFile(file, text);
    const runDir = join(folder, 'run');
    const { code, stderr } = await run('train', file, '--run-dir', runDir, '--quiet');
    assert.equal(code, 0, stderr);
    return runDir;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tune-'));
    await writeFile(join(folder, 'text.txt'), 'the state of each chunk is a state. '.repeat(60));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('starts where the checkpoint is, and changes every weight', async () => {
    const runDir = await train(config());
    const before = await openModelFolder(golden);
    const after = await openModelFolder(join(runDir, 'checkpoints/step-000012'));
    for (const [name, values] of before.parameters) {
      const now = after.parameters.get(name)!;
      assert.ok(
        now.some((value, i) => value !== values[i]),
        name,
      );
      assert.ok(
        now.every((value, i) => Math.abs(value - values[i]!) < 0.2),
        name,
      );
    }
    const losses = (await rows(runDir)).filter((row) => 'lr' in row).map((row) => row['loss'] as number);
    assert.ok(losses.at(-1)! < losses[0]!);
    assert.deepEqual(
      await startingWeights(runDir, after.model),
      after.parameters,
      'a run is its newest checkpoint',
    );
    await rm(join(runDir, 'checkpoints'), { recursive: true });
    await assert.rejects(startingWeights(runDir, after.model), /has no whole checkpoint/);
    await assert.rejects(
      startingWeights(join(runDir, 'none'), after.model),
      /train\.from: there is no checkpoint or run .*none/,
    );
  });

  it('trains updates alone, merges them and saves what others read', async () => {
    const runDir = await train(config('  lora: {rank: 2, alpha: 4, targets: [in_proj, x_proj, out_proj]}'));
    const before = await openModelFolder(golden);
    const after = await openModelFolder(join(runDir, 'checkpoints/step-000012'));
    for (const [name, values] of before.parameters)
      assert.deepEqual(after.parameters.get(name), values, name);
    assert.equal([...after.parameters.keys()].filter((name) => /lora_[AB]$/.test(name)).length, 18);
    assert.ok(after.parameters.get('backbone.layers.0.mixer.in_proj.lora_B')!.some((value) => value !== 0));
    const last = await loadCheckpoint(join(runDir, 'checkpoints/step-000012'));
    assert.deepEqual(
      [...last.optimizer.keys()].filter((name) => !/lora_[AB]$/.test(name)),
      [],
      'no moments of frozen weights',
    );
    const out = join(folder, 'merged');
    const exported = await run('export', runDir, '--format', 'hf', '--out', out);
    assert.equal(exported.code, 0, exported.stderr);
    assert.equal(
      (JSON.parse(await readFile(join(out, 'config.json'), 'utf8')) as { model_type: string }).model_type,
      'mamba',
    );
    const merged = await openModelFolder(out);
    assert.ok(![...merged.parameters.keys()].some((name) => name.includes('lora')));
    const [a, b, c] = await Promise.all(
      [after, merged, before].map(({ model, parameters }) => logitsOf(model, parameters, ids, 1)),
    );
    const distance = (x: Float32Array, y: Float32Array): number =>
      x.reduce((top, value, i) => Math.max(top, Math.abs(value - y[i]!)), 0);
    a!.forEach((row, t) => assert.ok(distance(row, b![t]!) < 1e-4));
    assert.ok(distance(a!.at(-1)!, c!.at(-1)!) > 1e-2);
  });

  it('goes on with updates as if it had not been interrupted, the checkpoint it began from gone', async () => {
    const lora = '  lora: {rank: 2, alpha: 4, targets: [in_proj, out_proj]}';
    const whole = await train(config(lora));
    const start = join(folder, 'start');
    await cp(golden, start, { recursive: true });
    const file = join(folder, 'again.ssm.yaml');
    await writeFile(file, config(lora).replace(JSON.stringify(golden), JSON.stringify(start)));
    const parts = join(folder, 'parts');
    const first = await run('train', file, '--run-dir', parts, '--quiet', '--set', 'train.steps=5');
    assert.equal(first.code, 0, first.stderr);
    await rm(start, { recursive: true });
    const resumed = await run(
      ...['train', file, '--run-dir', parts, '--quiet', '--resume', '--set', 'train.steps=12'],
    );
    assert.equal(resumed.code, 0, resumed.stderr);
    const losses = async (dir: string) =>
      (await rows(dir)).filter((row) => 'lr' in row).map((row) => [row['step'], row['loss']]);
    assert.deepEqual(await losses(parts), await losses(whole));
    const [a, b] = await Promise.all(
      [parts, whole].map((dir) => openModelFolder(join(dir, 'checkpoints/step-000012'))),
    );
    assert.deepEqual(a!.parameters, b!.parameters);
  });

  it('says what differs from the checkpoint', async () => {
    const file = join(folder, 'other.ssm.yaml');
    await writeFile(file, config().replace('dt_rank: 2', 'dt_rank: 3'));
    const { code, stderr } = await run('train', file, '--run-dir', join(folder, 'other'), '--quiet');
    assert.equal(code, 1);
    assert.match(stderr, /dt_rank of layer 0 is 2 there and 3 here.*ssm-studio info/s);
    await writeFile(file, config('  lora: {targets: [in_prj]}'));
    const wrong = await run('train', file, '--run-dir', join(folder, 'wrong'), '--quiet');
    assert.match(wrong.stderr, /No layer has a linear map in_prj; there are in_proj/);
  });
});
