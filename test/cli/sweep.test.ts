import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SweepResult } from '../../src/runs/sweep';
import { reached, run, start } from './cli';

const config = (sweep: string, steps = 6): string => `
data: {type: induction-heads, length: 12, vocab_size: 6}
model:
  d_model: 8
  layers: [{mixer: mamba, d_state: 4}]
train: {steps: ${steps}, batch_size: 4, optimizer: {lr: 0.01}}
eval: {every: 3, examples: 8}
device: cpu
${sweep}`;

describe('sweep', function () {
  this.timeout(120_000);
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sweep-'));
    file = join(folder, 'tiny.ssm.yaml');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const sweep = (...more: string[]) => start(['sweep', file, ...more]);
  const resultsOf = (stdout: string): SweepResult[] => (JSON.parse(stdout) as { runs: SweepResult[] }).runs;

  it('runs every combination, survives one that fails, and repeats only what is missing', async () => {
    await writeFile(file, config('sweep: {seed: [1, 2], train.optimizer.lr: [0.01, 1e30]}'));
    const first = await sweep('--parallel', '2', '--json').done;
    assert.equal(first.code, 1, first.stderr);
    const runs = resultsOf(first.stdout);
    assert.deepEqual(
      runs.map(({ settings, status }) => [settings['seed'], settings['train.optimizer.lr'], status]),
      [
        [1, 0.01, 'finished'],
        [1, 1e30, 'failed'],
        [2, 0.01, 'finished'],
        [2, 1e30, 'failed'],
      ],
    );
    assert.match(runs[1]!.error!, /not finite/);
    assert.notDeepEqual(runs[0]!.best, runs[2]!.best);
    assert.equal((await readdir(join(folder, 'runs/tiny/sweep'))).length, 4);
    const stamp = (await stat(join(runs[0]!.dir, 'run.json'))).mtimeMs;
    const again = await sweep('--set', 'train.log_every=1').done;
    assert.equal(again.code, 1);
    assert.match(again.stderr, /4 runs, 2 of them finished, 2 to do/);
    assert.equal((await stat(join(runs[0]!.dir, 'run.json'))).mtimeMs, stamp);
    assert.match(again.stdout, /^seed +lr +status/);
  });

  it('stops with its runs, and the same command continues them', async () => {
    await writeFile(file, config('sweep: {seed: [1, 2]}', 600));
    const started = sweep();
    const folderOf = async (): Promise<string> => {
      for (;;) {
        const [one] = await readdir(join(folder, 'runs/tiny/sweep')).catch(() => []);
        if (one !== undefined) return join(folder, 'runs/tiny/sweep', one);
        await new Promise((resolved) => setTimeout(resolved, 50));
      }
    };
    await reached(await folderOf(), 5);
    started.child.kill('SIGINT');
    const stopped = await started.done;
    assert.equal(stopped.code, 130, stopped.stderr);
    assert.match(stopped.stdout, /stopped/);
    assert.match(stopped.stdout, /missing/);
    const rest = await start(['sweep', file, '--set', 'train.steps=600', '--json']).done;
    assert.equal(rest.code, 0, rest.stderr);
    assert.deepEqual(
      resultsOf(rest.stdout).map(({ status, step }) => [status, step]),
      [
        ['finished', 600],
        ['finished', 600],
      ],
    );
  });

  it('names combinations that cannot be, and runs the others', async () => {
    // Each value fits the base alone; Mamba-2 with headdim 64 does not divide d_inner 16.
    const axes = 'sweep: {model.layers.0.mixer: [mamba, mamba2], model.d_model: [64, 8]}';
    await writeFile(file, config(axes, 3).replace('d_model: 8', 'd_model: 64'));
    const { code, stdout, stderr } = await sweep('--json').done;
    assert.equal(code, 1, stderr);
    const runs = resultsOf(stdout);
    assert.deepEqual(
      runs.map(({ status }) => status),
      ['finished', 'finished', 'finished', 'invalid'],
    );
    assert.match(runs[3]!.error!, /headdim/);
  });

  it('says what is missing where there is no sweep, and shows without running', async () => {
    await writeFile(file, config(''));
    const none = await run('sweep', file);
    assert.equal(none.code, 64);
    assert.match(none.stderr, /has no sweep\. Add one/);
    await writeFile(file, config('sweep: {seed: [1, 2, 3]}'));
    const shown = await run('sweep', file, '--status');
    assert.equal(shown.code, 0);
    assert.equal(shown.stdout.match(/missing/g)?.length, 3);
    assert.equal(await stat(join(folder, 'runs')).catch(() => 'none'), 'none');
  });
});
