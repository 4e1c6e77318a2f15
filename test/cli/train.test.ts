import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attach, spawnRun } from '../../src/runtime/client';
import { CLI, numbers, reached, rows, run, start, type Row } from './cli';

const config = (changes = ''): string => `
data: {type: induction-heads, length: 12, vocab_size: 6}
model:
  d_model: 8
  layers: [{mixer: mamba, d_state: 4}]
train: {steps: 30, batch_size: 4, checkpoint_every: 10, optimizer: {lr: 0.01}}
eval: {every: 10, examples: 8}
seed: 3
device: cpu
${changes}`;

describe('train', function () {
  this.timeout(60_000);
  let folder: string;
  let file: string;
  const runDir = (name = 'run'): string => join(folder, name);
  const info = async (name = 'run'): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(runDir(name), 'run.json'), 'utf8')) as Record<string, unknown>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'train-'));
    file = join(folder, 'tiny.ssm.yaml');
    await writeFile(file, config());
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('trains to the end, keeps everything in the run folder and prints its rows', async () => {
    const { code, stdout, stderr } = await run('train', file, '--run-dir', runDir(), '--json');
    assert.equal(code, 0, stderr);
    const found = await rows(runDir());
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Row),
      found,
    );
    assert.equal(found.filter((row) => 'loss' in row).length, 30);
    assert.ok(found.filter((row) => 'loss' in row).every(({ memory }) => (memory as number) > 50e6));
    assert.deepEqual(
      found.filter((row) => 'eval' in row).map((row) => row['step']),
      [10, 20, 30],
    );
    const run_ = await info();
    assert.equal(run_['status'], 'finished');
    assert.equal(run_['endpoint'], undefined);
    assert.equal(run_['config'], file);
    assert.match(await readFile(join(runDir(), 'config.ssm.yaml'), 'utf8'), /dt_rank: auto/);
    const again = await run('train', file, '--run-dir', runDir());
    assert.equal(again.code, 1);
    assert.match(again.stderr, /already holds a run.*--resume/);
  });

  it('gives the same numbers again with the same seed, and others with another', async () => {
    for (const [name, ...more] of [['a'], ['b'], ['c', '--set', 'seed=4']] as const) {
      const { code, stderr } = await run('train', file, '--run-dir', runDir(name), '--quiet', ...more);
      assert.equal(code, 0, stderr);
    }
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => numbers(await rows(runDir(name)))),
    );
    assert.deepEqual(a, b);
    assert.notDeepEqual(a, c);
  });

  it('continues after SIGKILL at any moment with the bits of an uninterrupted run', async () => {
    // Saving every other step makes it likely that a kill hits a checkpoint being written.
    const long = ['--set', 'train.steps=300', '--set', 'train.checkpoint_every=2', '--quiet'];
    const whole = await run('train', file, '--run-dir', runDir('whole'), ...long);
    assert.equal(whole.code, 0, whole.stderr);
    for (const [index, step] of [60, 130, 200].entries()) {
      const resume = index === 0 ? [] : ['--resume'];
      const { child, done } = start(['train', file, '--run-dir', runDir('killed'), ...long, ...resume]);
      await reached(runDir('killed'), step);
      child.kill('SIGKILL');
      assert.equal((await done).code, null);
    }
    const resumed = await run('train', file, '--run-dir', runDir('killed'), '--resume', ...long);
    assert.equal(resumed.code, 0, resumed.stderr);
    const found = await rows(runDir('killed'));
    assert.equal(found.filter((row) => row['event'] === 'resume' && (row['from'] as number) >= 50).length, 3);
    assert.deepEqual(numbers(found), numbers(await rows(runDir('whole'))));
    const names = await readdir(join(runDir('killed'), 'checkpoints'));
    assert.ok(
      names.every((name) => /^step-\d{6}$/.test(name)),
      names.join(),
    );
  });

  it('finishes the step, saves and exits with 130 on SIGINT; the rest follows with --resume', async () => {
    const long = ['--set', 'train.steps=2000', '--set', 'eval.every=2000'];
    const { child, done } = start(['train', file, '--run-dir', runDir(), ...long]);
    await reached(runDir(), 20);
    child.kill('SIGINT');
    const { code, stderr } = await done;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /stopped at step \d+/);
    assert.equal((await info())['status'], 'stopped');
    const found = await rows(runDir());
    const last = found.at(-1)!;
    assert.equal(last['event'], 'stop');
    assert.ok(found.some((row) => row['event'] === 'checkpoint' && row['step'] === last['step']));
    const steps = (last['step'] as number) + 3;
    // The config in the run folder serves as well as the one it came from.
    const rest = await run(
      'train',
      join(runDir(), 'config.ssm.yaml'),
      '--run-dir',
      runDir(),
      '--resume',
      '--set',
      `train.steps=${steps}`,
    );
    assert.equal(rest.code, 0, rest.stderr);
    assert.equal((await info())['status'], 'finished');
    assert.equal((await info())['config'], file);
  });

  it('refuses to resume what is not there or was something else, naming the keys', async () => {
    const absent = await run('train', file, '--run-dir', runDir(), '--resume');
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /no run in .* to resume/);
    await assert.rejects(stat(runDir()));
    await run('train', file, '--run-dir', runDir(), '--quiet');
    const changed = await run(
      'train',
      file,
      ...['--run-dir', runDir(), '--resume', '--set', 'model.d_model=16', '--set', 'train.steps=40'],
      ...['--set', 'train.optimizer.lr=0.5'],
    );
    assert.equal(changed.code, 1);
    assert.match(changed.stderr, /differs in model\.d_model, train\.optimizer\.lr\./);
    assert.equal((await info())['status'], 'finished');
  });

  it('falls back to the checkpoint before a damaged one and says so', async () => {
    await run('train', file, '--run-dir', runDir('whole'), '--quiet');
    await run('train', file, '--run-dir', runDir(), '--quiet', '--set', 'train.steps=20');
    const damaged = join(runDir(), 'checkpoints/step-000020/optimizer.safetensors');
    await writeFile(damaged, (await readFile(damaged)).subarray(0, 100));
    const { code, stderr } = await run('train', file, '--run-dir', runDir(), '--resume');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /step-000020 is damaged: optimizer\.safetensors/);
    assert.match(stderr, /Continuing from step 10/);
    assert.deepEqual(numbers(await rows(runDir())), numbers(await rows(runDir('whole'))));
  });

  it('stops at a loss that is not finite: the step, the place, what is left and what to try', async () => {
    const { code, stderr } = await run(
      'train',
      file,
      '--run-dir',
      runDir(),
      '--set',
      'train.optimizer.lr=1e6',
    );
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: Step \d+: the (loss|gradient) is not finite\. The first such value is .* Try a lower train\.optimizer\.lr/m,
    );
    const { status, error } = await info();
    assert.equal(status, 'failed');
    assert.match(String(error), /is not finite/);
    const event = (await rows(runDir())).find((row) => row['event'] === 'non-finite')!;
    assert.match(String(event['tensor']), /result of|weight|bias|A_log/);
  });

  it('lets one process at a time into a run folder', async () => {
    const first = start(['train', file, '--run-dir', runDir(), '--set', 'train.steps=100000']);
    await reached(runDir(), 5);
    const second = await run('train', file, '--run-dir', runDir(), '--resume');
    assert.equal(second.code, 1);
    assert.match(second.stderr, /is training in/);
    first.child.kill('SIGTERM');
    assert.equal((await first.done).code, 130);
  });

  it('says in a sentence what is wrong with config and data, and leaves no folder behind', async () => {
    await writeFile(join(folder, 'empty.txt'), '');
    await writeFile(join(folder, 'short.txt'), 'A few words.');
    const text = (files: string, context = 16): string =>
      config().replace(/data: .*/, `data: {type: text, files: [${files}], context: ${context}}`);
    const cases: [name: string, yaml: string, message: RegExp][] = [
      ['unknown key', config('trian: {}'), /trian.*train/],
      ['wrong type', config().replace('d_model: 8', 'd_model: wide'), /d_model/],
      ['missing file', text('missing.txt'), /missing\.txt/],
      ['empty file', text('empty.txt'), /empty/],
      ['context longer than the data', text('short.txt', 512), /context/],
    ];
    for (const [name, yaml, message] of cases) {
      await writeFile(file, yaml);
      const { code, stderr } = await run('train', file, '--run-dir', runDir());
      assert.equal(code, 1, name);
      assert.match(stderr, message, name);
      assert.doesNotMatch(stderr, /^\s+at /m, name);
      await assert.rejects(stat(runDir()), /ENOENT/, name);
    }
    const missing = await run('train', join(folder, 'none.ssm.yaml'));
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /none\.ssm\.yaml/);
  });

  it('needs permission to write, and says so', async function () {
    // The superuser may write everywhere, so a file in the way stands in for a folder that cannot be made.
    const superuser = process.getuid?.() === 0;
    const target = superuser ? join(file, 'run') : join(folder, 'locked', 'run');
    if (!superuser) {
      await (await import('node:fs/promises')).mkdir(join(folder, 'locked'));
      await chmod(join(folder, 'locked'), 0o500);
    }
    const { code, stderr } = await run('train', file, '--run-dir', target);
    assert.equal(code, 1);
    assert.match(stderr, /^error: Cannot write .*run/m);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });

  it('answers wrong command lines with 64', async () => {
    for (const args of [['train'], ['train', file, '--threads', '0'], ['train', file, '--resume'], ['fly']]) {
      assert.equal((await run(...args)).code, 64, args.join(' '));
    }
  });

  it('can be started detached, watched, paused, saved and stopped from elsewhere', async () => {
    const started = await spawnRun({
      cli: CLI,
      config: file,
      runDir: runDir(),
      set: ['train.steps=100000', 'eval.every=100000'],
      detached: true,
    });
    const client = await started.attach();
    // Evaluations and checkpoints are rows too.
    const row = await new Promise<unknown>((resolve) => {
      client.onRow((found) => 'loss' in (found as Row) && resolve(found));
    });
    assert.ok(Number.isFinite((row as { loss: number }).loss));
    await client.pause();
    while ((await client.status()).state !== 'paused') continue;
    const { step, path } = await client.checkpoint();
    assert.ok((await readdir(join(runDir(), path))).includes('state.json'));
    const paused = await client.status();
    assert.equal(paused.step, step);
    const probe = await client.probe(0, 1);
    const seen = JSON.parse(await readFile(join(runDir(), probe.path), 'utf8')) as Row;
    assert.equal(seen['example'], 1);
    await client.resume();
    const other = await attach(runDir());
    await other.stop();
    await client.closed;
    assert.equal((await started.exited).code, 130);
    assert.equal((await info())['status'], 'stopped');
  });
});
