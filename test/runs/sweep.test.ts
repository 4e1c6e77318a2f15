/** @file Sweeps: combinations, folders, tables, and array jobs of a cluster that is played by a shell script. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { RunWriter } from '../../src/runs';
import {
  arrayScript,
  combinations,
  folderOf,
  formatResults,
  readResult,
  runJobs,
  settingsOf,
  shortNames,
  shortValue,
  submitArray,
} from '../../src/runs/sweep';
import { newRun, temporaryFolder, trainRow } from './run';

const axes = [
  { path: ['model', 'layers', 0, 'mixer'], values: ['mamba', { mixer: 'attention', heads: 2 }] },
  { path: ['train', 'optimizer', 'lr'], values: [1e-3, 3e-4, 1e-4] },
];

describe('the plan of a sweep', () => {
  it('is every combination, the last axis running fastest', () => {
    const all = combinations(axes);
    assert.equal(all.length, 6);
    assert.deepEqual(all[4], {
      index: 4,
      settings: { 'model.layers.0.mixer': { mixer: 'attention', heads: 2 }, 'train.optimizer.lr': 3e-4 },
    });
    assert.deepEqual(settingsOf(all[4]!), [
      'model.layers.0.mixer={"mixer":"attention","heads":2}',
      'train.optimizer.lr=0.0003',
      'sweep=null',
    ]);
  });

  it('names axes by the shortest end that tells them apart', () => {
    assert.deepEqual(
      [...shortNames(['model.layers.0.mixer', 'model.layers.1.mixer', 'train.optimizer.lr']).values()],
      ['0.mixer', '1.mixer', 'lr'],
    );
  });

  it('gives every config a folder of its own whose name is a plain one', () => {
    const [first, , , , fifth] = combinations(axes);
    assert.equal(folderOf(first!, 'abcdef0123'), 'mixer-mamba_lr-0.001_abcdef');
    assert.match(folderOf(fifth!, 'abcdef0123'), /^[\w.+-]+$/);
    assert.notEqual(folderOf(first!, 'abcdef0123'), folderOf(first!, 'bbcdef0123'));
  });
});

describe('short forms', () => {
  it('of values and paths are readable in a table', () => {
    assert.equal(shortValue({ mixer: 's4d', d_state: 64 }), 's4d d_state=64');
    assert.equal(shortValue(0.000123456), '0.0001235');
    assert.equal(shortValue([1, 2]), '[1,2]');
    assert.equal(shortNames(['model.layers.0', 'seed']).get('model.layers.0'), 'layers.0');
  });
});

describe('the results of a sweep', () => {
  const root = temporaryFolder();

  it('are the best of every metric, and the test at the end', async () => {
    const dir = join(root, 'one');
    const run = RunWriter.create(dir, newRun, 'data: x\n');
    run.row(trainRow(1));
    for (const [step, loss, accuracy] of [
      [1, 2, 0.5],
      [2, 1, 0.9],
      [3, 1.5, 0.95],
    ] as const) {
      run.row({ step, eval: { split: 'validation', loss, accuracy, examples: 8 } });
    }
    run.row({ step: 3, eval: { split: 'test', loss: 9, accuracy: 0.25 } });
    run.close('finished');
    const result = await readResult({ lr: 1 }, dir);
    assert.equal(result.status, 'finished');
    assert.deepEqual(result.best, { loss: 1, accuracy: 0.95 });
    assert.deepEqual(result.test, { loss: 9, accuracy: 0.25 });
    const missing = await readResult({ lr: 2 }, join(root, 'none'));
    assert.equal(missing.status, 'missing');
    assert.deepEqual(
      formatResults([
        result,
        { ...result, settings: { lr: 3 }, best: { loss: 0.5, accuracy: 0.5 } },
        missing,
      ]),
      [
        'lr  status    step  time  best loss  best accuracy  test accuracy',
        '1   finished  1     0 s   1.000      95.0 % *       25.0 % *',
        '3   finished  1     0 s   0.5000 *   50.0 %         25.0 % *',
        '2   missing',
      ].join('\n'),
    );
  });

  it('show a damaged folder as failed', async () => {
    const dir = join(root, 'damaged');
    fs.mkdirSync(dir);
    fs.writeFileSync(join(dir, 'run.json'), '{');
    const { status, error } = await readResult({}, dir);
    assert.equal(status, 'failed');
    assert.match(error!, /not valid JSON/);
  });
});

describe('local jobs', () => {
  const root = temporaryFolder();
  const job = (script: string) => ({ command: [process.execPath, '-e', script] });

  it('run so many at a time, and one that fails stops no other', async () => {
    let running = 0;
    let most = 0;
    const ends: unknown[] = [];
    await runJobs(
      [
        job('console.error("error: broken"); process.exit(3)'),
        ...[1, 2, 3].map(() => job('setTimeout(() => {}, 50)')),
      ],
      2,
      {
        signal: new AbortController().signal,
        onStart: () => (most = Math.max(most, ++running)),
        onEnd: (_job, { code, message }) => {
          running--;
          ends.push([code, message]);
        },
      },
    );
    assert.equal(most, 2);
    assert.deepEqual(
      ends.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
      [
        [0, ''],
        [0, ''],
        [0, ''],
        [3, 'error: broken'],
      ],
    );
  });

  it('are asked to stop when the sweep is, and none is started after that', async () => {
    const abort = new AbortController();
    const ends: unknown[] = [];
    const ready = join(root, 'ready');
    const patient = job(
      `process.on('SIGTERM', () => process.exit(130)); setInterval(() => {}, 1000); require('fs').writeFileSync(${JSON.stringify(ready)}, '')`,
    );
    const all = runJobs([patient, patient], 1, {
      signal: abort.signal,
      onEnd: (_job, { code }) => void ends.push(code),
    });
    while (!fs.existsSync(ready)) await new Promise((resolved) => setTimeout(resolved, 10));
    abort.abort();
    await all;
    assert.deepEqual(ends, [130]);
  });

  it('that cannot be started say so', async () => {
    let message = '';
    await runJobs([{ command: ['/nowhere/node'] }], 1, {
      signal: new AbortController().signal,
      onEnd: (_job, finished) => void (message = finished.message),
    });
    assert.match(message, /could not be started.*ENOENT/);
  });
});

(process.platform === 'win32' ? describe.skip : describe)('array jobs of Slurm', () => {
  const root = temporaryFolder();
  const dir = join(root, "a sweep's folder");
  const mark = (name: string): string =>
    `require('fs').appendFileSync(process.argv[1], '${name} ' + process.argv.slice(2) + '\\n')`;
  const log = join(root, 'log');
  const tasks = [0, 3].map((index) => ({
    index,
    dir: join(dir, `run ${index}`),
    command: [process.execPath, '-e', mark(`run ${index}`), log, "it's=[1, 2]", '$HOME'],
  }));
  const options = { name: 'ssm two words', dir, parallel: 4, threads: 2, extra: ['--partition=gpu'] };

  it('are one script that starts each run, and continues one that has begun', () => {
    const script = join(root, 'script');
    fs.writeFileSync(script, arrayScript(tasks, options));
    const text = fs.readFileSync(script, 'utf8');
    for (const line of [
      '--array=0,3%4',
      '--cpus-per-task=2',
      '--partition=gpu',
      '--job-name=ssm-two-words',
    ]) {
      assert.ok(text.includes(`#SBATCH ${line}\n`), line);
    }
    fs.mkdirSync(tasks[1]!.dir, { recursive: true });
    fs.writeFileSync(join(tasks[1]!.dir, 'run.json'), '{}');
    for (const { index } of tasks) {
      execFileSync('bash', [script], { env: { ...process.env, SLURM_ARRAY_TASK_ID: String(index) } });
    }
    assert.equal(fs.readFileSync(log, 'utf8'), "run 0 it's=[1, 2],$HOME\nrun 3 it's=[1, 2],$HOME,--resume\n");
    assert.throws(() =>
      execFileSync('bash', [script], { env: { ...process.env, SLURM_ARRAY_TASK_ID: '1' }, stdio: 'pipe' }),
    );
  });

  it('are handed to sbatch, whose answer is the id of the job', async () => {
    const bin = join(root, 'bin');
    fs.mkdirSync(bin);
    fs.writeFileSync(
      join(bin, 'sbatch'),
      '#!/bin/bash\necho "$@" > "$(dirname "$0")/args"; echo "4711;cluster"\n',
      {
        mode: 0o755,
      },
    );
    const path = process.env['PATH'];
    process.env['PATH'] = `${bin}:${path}`;
    try {
      const { job, script } = await submitArray(tasks, options);
      assert.equal(job, '4711');
      assert.equal(fs.readFileSync(join(bin, 'args'), 'utf8'), `--parsable --chdir=${dir} ${script}\n`);
      fs.writeFileSync(join(bin, 'sbatch'), '#!/bin/bash\necho "invalid partition" >&2; exit 1\n');
      await assert.rejects(submitArray(tasks, options), /sbatch refused .*invalid partition/);
      process.env['PATH'] = join(root, 'nothing');
      await assert.rejects(submitArray(tasks, options), /no sbatch on the PATH.*--executor local/);
    } finally {
      process.env['PATH'] = path;
    }
  });
});
