import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { metricsRowSchema, type RunInfo } from '../../src/protocol/run';
import { listRuns, newRunDir, runStatus, RunWriter } from '../../src/runs';
import { newRun, temporaryFolder, trainRow } from './run';

describe('where runs lie', () => {
  it('is beside the config, by its stem and the time', () => {
    const now = new Date(2026, 2, 4, 5, 6, 7);
    const dir = newRunDir('/home/me/text.ssm.yaml', now);
    assert.equal(dirname(dir), join('/home/me', 'runs', 'text'));
    assert.match(dir, /[\\/]20260304-050607-[0-9a-f]{4}$/);
    assert.match(newRunDir('/a/b.c.ssm.json', now), /[\\/]runs[\\/]b\.c[\\/]/);
    assert.match(newRunDir('/a/plain.yml', now), /[\\/]runs[\\/]plain[\\/]/);
    const names = new Set(Array.from({ length: 20 }, () => newRunDir('/a/b.ssm.yaml', now)));
    assert.ok(names.size > 15, 'runs that begin in the same second differ');
  });

  it('is found again, without what is no run or lies within one', async () => {
    const root = fs.mkdtempSync(join(temporary, 'list-'));
    const make = (...path: string[]): string => {
      const dir = join(root, ...path);
      RunWriter.create(dir, newRun, '').close('finished');
      return dir;
    };
    const runs = [make('text', 'a'), make('text', 'b'), make('sweep', 'x', '000')];
    make('text', 'a', 'checkpoints', 'inner');
    make('node_modules', 'x');
    make('.hidden', 'x');
    fs.mkdirSync(join(root, 'text', 'only-a-log'));
    fs.writeFileSync(join(root, 'text', 'only-a-log', 'log.txt'), '');
    assert.deepEqual(await listRuns(root), runs.sort());
    assert.deepEqual(await listRuns(runs[0]!), [runs[0]]);
    assert.deepEqual(await listRuns(join(root, 'nowhere')), []);
  });
  const temporary = temporaryFolder();
});

describe('the status of a run', () => {
  const now = Date.now();
  const running: Pick<RunInfo, 'status' | 'pid' | 'host' | 'heartbeat'> = {
    status: 'running',
    pid: process.pid,
    host: hostname(),
    heartbeat: new Date(now - 59_000).toISOString(),
  };
  const dead = 2 ** 31 - 2;
  const cases: [string, Partial<typeof running>, string][] = [
    ['running while its process lives and beats', {}, 'running'],
    ['interrupted when its process is dead', { pid: dead }, 'interrupted'],
    [
      'interrupted when it was silent for a minute',
      { heartbeat: new Date(now - 61_000).toISOString() },
      'interrupted',
    ],
    ['running on another host, whatever the number means here', { host: 'elsewhere', pid: dead }, 'running'],
    [
      'finished for ever',
      { status: 'finished', pid: dead, heartbeat: new Date(0).toISOString() },
      'finished',
    ],
    ['failed for ever', { status: 'failed', pid: dead }, 'failed'],
    ['stopped for ever', { status: 'stopped', pid: dead }, 'stopped'],
  ];
  for (const [what, change, expected] of cases) {
    it(`is ${what}`, () => assert.equal(runStatus({ ...running, ...change }, now), expected));
  }
});

describe('rows of metrics.jsonl', () => {
  it('are of three kinds', () => {
    for (const row of [
      trainRow(1),
      { ...trainRow(1), loss: 'NaN', memory: 5 },
      { step: 2, eval: { split: 'test', loss: 1, accuracy: 0.5, bits_per_byte: 2 } },
      { step: 3, event: 'resume', from: 2 },
      { step: 3, event: 'non-finite', message: 'x' },
    ]) {
      assert.deepEqual(metricsRowSchema.parse(row), row);
    }
    for (const row of [
      {},
      { step: 1 },
      { ...trainRow(1), loss: 'big' },
      { step: -1, event: 'x' },
      { step: 1, eval: {} },
    ]) {
      assert.equal(metricsRowSchema.safeParse(row).success, false, JSON.stringify(row));
    }
  });
});
