/**
 * @file Runs that are killed at random moments, while they save included, and their uninterrupted twins: a training from
 * the beginning, and low-rank updates of a checkpoint of others. An export that is killed while it writes.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  encodeSafetensors,
  float32Of,
  parseSafetensors,
  type SafetensorsEntry,
} from '../../src/formats/safetensors';
import { openModelFolder } from '../../src/runtime/checkpoint';
import { Random } from '../../src/util/random';
import { numbers, QUICK_CLI, rows, run, start, type Row } from './cli';

/** Longest time between the first new row of a life and its end, ms. */
const LONGEST = 120;

const fromScratch = `
data: {type: induction-heads, length: 12, vocab_size: 6}
model:
  d_model: 8
  layers: [{mixer: mamba, d_state: 4}]
train: {steps: 100000, batch_size: 4, checkpoint_every: 1, keep: 2, optimizer: {lr: 0.01}}
eval: {every: 25, examples: 8}
seed: 5
device: cpu
`;

const golden = resolve(__dirname, '../golden/hf-mamba-tiny');
const fineTuned = `
data: {type: text, files: [text.txt], context: 8}
model:
  d_model: 24
  layers: [{mixer: mamba, repeat: 3, d_state: 8, dt_rank: 2}]
  vocab_size: 288
  lora: {rank: 2, targets: [in_proj, out_proj]}
train: {from: ${JSON.stringify(golden)}, steps: 100000, batch_size: 2, checkpoint_every: 1, keep: 2, optimizer: {lr: 0.01}}
eval: {every: 25, examples: 4}
device: cpu
`;

/** Whether a checkpoint is there of which not all is written. */
const saving = async (run: string): Promise<boolean> =>
  (await readdir(join(run, 'checkpoints')).catch(() => [] as string[])).some((name) => name.startsWith('.'));

const lastStep = (all: readonly Row[]): number =>
  all.reduce((last, row) => Math.max(last, 'loss' in row ? (row['step'] as number) : 0), 0);

describe('a killed run', function () {
  this.timeout(900_000);
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'killed-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  /** Kills a run so often, lets it end, and compares it with a run that was left alone. */
  async function killedAndResumed(name: string, config: string, kills: number): Promise<void> {
    const file = join(folder, `${name}.ssm.yaml`);
    await writeFile(file, config);
    await writeFile(join(folder, 'text.txt'), 'the state of each chunk is a state. '.repeat(60));
    const killed = join(folder, name);
    const random = new Random(9, 'kills');
    let halfWritten = 0;
    for (let kill = 0; kill < kills; kill++) {
      const before = await rows(killed).catch(() => [] as Row[]);
      const resume = before.length > 0 ? ['--resume'] : [];
      const { child, done } = start(
        ['train', file, '--run-dir', killed, '--quiet', ...resume],
        {},
        QUICK_CLI,
      );
      let ended = false;
      void done.then(() => (ended = true));
      // A life without a new row would be no life: the kill comes some time after the first one.
      for (;;) {
        const now = await rows(killed).catch(() => [] as Row[]);
        if (now.length > before.length + 1 || ended) break;
        await new Promise((resolved) => setTimeout(resolved, 5));
      }
      await new Promise((resolved) => setTimeout(resolved, random.uniform() * LONGEST));
      // Every other kill comes while a checkpoint is being written.
      const waits = kill % 2 === 1 ? 2000 : 0;
      for (let wait = 0; wait < waits && !(await saving(killed)); wait++);
      child.kill('SIGKILL');
      const { code, stderr } = await done;
      assert.equal(code, null, `life ${kill} ended by itself: ${stderr}`);
      if (await saving(killed)) halfWritten++;
    }
    assert.ok(halfWritten > 0, 'no kill hit a checkpoint that was being written');
    const steps = `train.steps=${lastStep(await rows(killed)) + 10}`;
    const resumed = await run('train', file, '--run-dir', killed, '--resume', '--quiet', '--set', steps);
    assert.equal(resumed.code, 0, resumed.stderr);
    const whole = join(folder, `${name}-whole`);
    const twin = await run(
      'train',
      file,
      '--run-dir',
      whole,
      '--quiet',
      '--set',
      steps,
      '--set',
      'train.checkpoint_every=1000',
    );
    assert.equal(twin.code, 0, twin.stderr);
    const [found, expected] = [numbers(await rows(killed)), numbers(await rows(whole))];
    // A life on a busy machine may end before it has saved a step; some have, and ten steps follow the last.
    assert.ok(expected.length > 12, `${expected.length} rows`);
    assert.deepEqual(found, expected);
  }

  it('continues after each of 50 kills with the bits of an uninterrupted run', () =>
    killedAndResumed('killed', fromScratch, 50));

  it('with low-rank updates continues after each of 8 kills with the bits of an uninterrupted run', () =>
    killedAndResumed('tuned', fineTuned, 8));
});

describe('a killed export', function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'killed-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  /** The checkpoint with an embedding of 40 MB, so that there is time to kill. */
  async function large(): Promise<string> {
    const path = join(folder, 'large');
    const rows = 400_000;
    const { tensors } = parseSafetensors(await readFile(join(golden, 'model.safetensors')));
    const entries = [...tensors].map(([name, tensor]): [string, SafetensorsEntry] => [
      name,
      name.includes('embeddings')
        ? { shape: [rows, 24], data: new Float32Array(24 * rows).fill(0.5) }
        : { shape: tensor.shape, data: float32Of(tensor) },
    ]);
    const config = JSON.parse(await readFile(join(golden, 'config.json'), 'utf8')) as object;
    await mkdir(path);
    await writeFile(join(path, 'model.safetensors'), encodeSafetensors(entries));
    await writeFile(join(path, 'config.json'), JSON.stringify({ ...config, vocab_size: rows }));
    return path;
  }

  it('leaves a whole folder under its name or none, and the next one tidies', async () => {
    const from = await large();
    const out = join(folder, 'out');
    const args = ['export', from, '--format', 'hf', '--out', out];
    const random = new Random(3, 'export');
    let during = 0;
    for (let kill = 0; kill < 6; kill++) {
      const { child, done } = start(args, {}, QUICK_CLI);
      // The moment at which the first byte may be there.
      while (child.exitCode === null) {
        if ((await readdir(folder)).some((name) => name.includes(`out.${child.pid}`))) break;
        await new Promise((resolved) => setTimeout(resolved, 1));
      }
      await new Promise((resolved) => setTimeout(resolved, random.uniform() * 20));
      child.kill('SIGKILL');
      await done;
      if ((await readdir(folder)).includes('out')) {
        await openModelFolder(out);
        await rm(out, { recursive: true });
      } else during++;
    }
    assert.ok(during > 0, 'no kill hit the writing');
    const { code, stderr } = await run(...args);
    assert.equal(code, 0, stderr);
    await openModelFolder(out);
    assert.deepEqual((await readdir(folder)).toSorted(), ['large', 'out']);
  });
});
