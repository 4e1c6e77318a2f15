/** @file A run that is killed fifty times at random moments, while it saves included, and its uninterrupted twin. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/util/random';
import { numbers, QUICK_CLI, rows, run, start, type Row } from './cli';

const KILLS = 50;
/** Longest time between the first new row of a life and its end, ms. */
const LONGEST = 120;

const config = `
data: {type: induction-heads, length: 12, vocab_size: 6}
model:
  d_model: 8
  layers: [{mixer: mamba, d_state: 4}]
train: {steps: 100000, batch_size: 4, checkpoint_every: 1, keep: 2, optimizer: {lr: 0.01}}
eval: {every: 25, examples: 8}
seed: 5
device: cpu
`;

const lastStep = (all: readonly Row[]): number =>
  all.reduce((last, row) => Math.max(last, 'loss' in row ? (row['step'] as number) : 0), 0);

describe('a killed run', function () {
  this.timeout(900_000);
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'killed-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  it(`continues after each of ${KILLS} kills with the bits of an uninterrupted run`, async () => {
    const file = join(folder, 'tiny.ssm.yaml');
    await writeFile(file, config);
    const killed = join(folder, 'killed');
    const random = new Random(9, 'kills');
    let halfWritten = 0;
    for (let kill = 0; kill < KILLS; kill++) {
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
      child.kill('SIGKILL');
      const { code, stderr } = await done;
      assert.equal(code, null, `life ${kill} ended by itself: ${stderr}`);
      const names = await readdir(join(killed, 'checkpoints')).catch(() => [] as string[]);
      if (names.some((name) => name.startsWith('.'))) halfWritten++;
    }
    assert.ok(halfWritten > 0, 'no kill hit a checkpoint that was being written');
    const steps = `train.steps=${lastStep(await rows(killed)) + 10}`;
    const resumed = await run('train', file, '--run-dir', killed, '--resume', '--quiet', '--set', steps);
    assert.equal(resumed.code, 0, resumed.stderr);
    const whole = join(folder, 'whole');
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
  });
});
