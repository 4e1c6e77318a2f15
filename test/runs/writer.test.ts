import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { runInfoSchema } from '../../src/protocol/run';
import { RunFolderError, RunWriter, type RunFolderProblem } from '../../src/runs';
import { failingFs, newRun, temporaryFolder, trainRow } from './run';

const CONFIG = 'data: induction-heads\n';
const read = (dir: string, name: string): string => fs.readFileSync(join(dir, name), 'utf8');
const info = (dir: string) => runInfoSchema.parse(JSON.parse(read(dir, 'run.json')));
const problem = (kind: RunFolderProblem, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RunFolderError, String(error));
  assert.equal(error.problem, kind, error.message);
  assert.match(error.message, message);
  return true;
};

describe('a run folder that is written', () => {
  const root = temporaryFolder();
  let number = 0;
  const fresh = (): string => join(root, 'stem', `run-${number++}`);

  it('holds config, run.json and rows, and leaves no other file', () => {
    const dir = fresh();
    const writer = RunWriter.create(dir, newRun, CONFIG);
    writer.row(trainRow(1));
    writer.rows([trainRow(2), { step: 2, event: 'finish' }]);
    writer.update({ device: 'webgpu', endpoint: { path: '/tmp/s', token: 't' } });
    assert.deepEqual(info(dir).endpoint, { path: '/tmp/s', token: 't' });
    writer.close('finished');
    assert.equal(read(dir, 'config.ssm.yaml'), CONFIG);
    assert.deepEqual(
      read(dir, 'metrics.jsonl')
        .split('\n')
        .map((line) => (line === '' ? null : JSON.parse(line).step)),
      [1, 2, 2, null],
    );
    const written = info(dir);
    assert.equal(written.name, `stem/${basename(dir)}`);
    assert.equal(written.status, 'finished');
    assert.equal(written.device, 'webgpu');
    assert.equal(written.pid, process.pid);
    assert.ok(written.ended! >= written.started);
    assert.equal(written.endpoint, undefined, 'nothing listens any more');
    assert.deepEqual(fs.readdirSync(dir).sort(), ['config.ssm.yaml', 'metrics.jsonl', 'run.json']);
  });

  it('is not readable by others where it holds the token', function () {
    if (process.platform === 'win32') this.skip();
    const dir = fresh();
    RunWriter.create(dir, newRun, CONFIG).close('stopped');
    assert.equal(fs.statSync(join(dir, 'run.json')).mode & 0o077, 0);
  });

  it('writes numbers that are not finite as strings', () => {
    const dir = fresh();
    const writer = RunWriter.create(dir, newRun, CONFIG);
    writer.row({ step: 1, loss: NaN, lr: Infinity, eval: { loss: -Infinity } });
    writer.close('failed', 'the loss is NaN');
    assert.equal(
      read(dir, 'metrics.jsonl'),
      '{"step":1,"loss":"NaN","lr":"Infinity","eval":{"loss":"-Infinity"}}\n',
    );
    assert.equal(info(dir).error, 'the loss is NaN');
  });

  it('is refused when it holds a run, complete or not', () => {
    const dir = fresh();
    RunWriter.create(dir, newRun, CONFIG).close('finished');
    const before = read(dir, 'run.json');
    assert.throws(
      () => RunWriter.create(dir, newRun, CONFIG),
      problem('holds-run', /already holds a run.*--resume/),
    );
    fs.unlinkSync(join(dir, 'run.json'));
    assert.throws(
      () => RunWriter.create(dir, newRun, CONFIG),
      problem('holds-run', /already holds a run\. It cannot be continued, .* no run\.json\. Use another/),
    );
    assert.ok(before.includes('finished'));
    assert.ok(!fs.existsSync(join(dir, 'run.lock')), 'the refusal holds no lock');
  });

  it('can be begun or continued wherever its beginning breaks off', () => {
    const first = fresh();
    const calls: string[] = [];
    const watched = failingFs((call, path) => {
      if (call === 'openSync' || call === 'renameSync') calls.push(path);
      return undefined;
    });
    RunWriter.create(first, newRun, CONFIG, watched).close('finished');
    for (let at = 0; at < calls.length; at++) {
      const dir = fresh();
      let left = at;
      // As a process that is killed: nothing that was done is undone.
      const dying = failingFs((call) => {
        if (call === 'openSync' || call === 'renameSync') left--;
        return left < 0 ? 'EIO' : undefined;
      });
      try {
        RunWriter.create(dir, newRun, CONFIG, dying).close('finished');
      } catch {
        // What counts is what it left.
      }
      // The lock of a dead process holds nothing; this one names the process of the test.
      fs.rmSync(join(dir, 'run.lock'), { force: true });
      if (fs.existsSync(join(dir, 'run.json'))) RunWriter.reopen(dir).close('finished');
      else RunWriter.create(dir, newRun, CONFIG).close('finished');
      assert.equal(info(dir).status, 'finished', `after ${at} of ${calls.length} calls`);
    }
  });

  it('may hold a log before the run begins', () => {
    const dir = fresh();
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(join(dir, 'log.txt'), '');
    RunWriter.create(dir, newRun, CONFIG).close('finished');
    assert.equal(info(dir).status, 'finished');
  });

  it('is continued with its identity, and what ended it is forgotten', () => {
    const dir = fresh();
    RunWriter.create(dir, newRun, CONFIG).close('failed', 'disk full');
    const earlier = info(dir);
    const writer = RunWriter.reopen(dir, 'data: text\n');
    assert.deepEqual(writer.earlier, earlier);
    const { id, started, status, error, ended } = info(dir);
    assert.deepEqual(
      { id, started, status, error, ended },
      {
        id: earlier.id,
        started: earlier.started,
        status: 'running',
        error: undefined,
        ended: undefined,
      },
    );
    assert.equal(read(dir, 'config.ssm.yaml'), 'data: text\n');
    writer.close('stopped');
  });

  it('is as it was when a resume is given up', () => {
    const dir = fresh();
    RunWriter.create(dir, newRun, CONFIG).close('finished');
    const before = read(dir, 'run.json');
    RunWriter.reopen(dir).abandon();
    assert.equal(read(dir, 'run.json'), before);
    RunWriter.reopen(dir).close('finished');
  });

  it('cannot be continued when there is no run, or run.json is damaged', () => {
    assert.throws(() => RunWriter.reopen(fresh()), problem('no-run', /no run in .* to resume/));
    const dir = fresh();
    RunWriter.create(dir, newRun, CONFIG).close('finished');
    const path = join(dir, 'run.json');
    for (const [text, message] of [
      ['{"id":', /not valid JSON/],
      [JSON.stringify({ ...info(dir), heartbeat: 'yesterday' }), /no valid heartbeat/],
    ] as const) {
      fs.writeFileSync(path, text);
      assert.throws(() => RunWriter.reopen(dir), problem('damaged', message));
      assert.equal(read(dir, 'run.json'), text);
    }
  });

  it('keeps keys of run.json that this version does not know', () => {
    const dir = fresh();
    RunWriter.create(dir, newRun, CONFIG).close('stopped');
    fs.writeFileSync(join(dir, 'run.json'), JSON.stringify({ ...info(dir), colour: 'blue' }));
    RunWriter.reopen(dir).close('stopped');
    assert.equal(info(dir)['colour'], 'blue');
  });

  describe('after a process was killed', () => {
    const whole = `${JSON.stringify(trainRow(1))}\n`;
    const cases: [what: string, metrics: string, after: string][] = [
      ['within a row: the rest is removed', `${whole}{"step":2,"lo`, whole],
      ['before the end of a line: the row is completed', `${whole}{"step":2}`, `${whole}{"step":2}\n`],
      ['within the first row', '{"st', ''],
      ['between two rows', whole, whole],
      ['within a character', `${whole}{"step":2,"event":"\xe2`, whole],
      ['within a very long row', `${whole}{"x":"${'y'.repeat(200_000)}`, whole],
    ];
    for (const [what, metrics, expected] of cases) {
      it(what, () => {
        const dir = fresh();
        RunWriter.create(dir, newRun, CONFIG).close('stopped');
        fs.writeFileSync(join(dir, 'metrics.jsonl'), metrics, 'latin1');
        const writer = RunWriter.reopen(dir);
        assert.equal(read(dir, 'metrics.jsonl'), expected);
        writer.row({ step: 9, event: 'resume', from: 0 });
        writer.close('stopped');
        assert.equal(read(dir, 'metrics.jsonl'), `${expected}{"step":9,"event":"resume","from":0}\n`);
      });
    }
  });

  describe('when writing fails', () => {
    for (const [code, message] of [
      ['ENOSPC', /metrics\.jsonl: the disk is full\. Free some space\./],
      ['EIO', /metrics\.jsonl: the disk reports an error\. Check it/],
    ] as const) {
      it(`keeps the rows before (${code}), and goes on when there is room again`, () => {
        const dir = fresh();
        let full = false;
        const files = failingFs((call, path) =>
          full && call === 'writeSync' && path.endsWith('metrics.jsonl') ? code : undefined,
        );
        const writer = RunWriter.create(dir, newRun, CONFIG, files);
        writer.row(trainRow(1));
        full = true;
        assert.throws(() => writer.row(trainRow(2)), problem('write', message));
        assert.equal(read(dir, 'metrics.jsonl'), `${JSON.stringify(trainRow(1))}\n`, 'no half row');
        full = false;
        writer.row(trainRow(3));
        writer.close('finished');
        assert.equal(read(dir, 'metrics.jsonl').trim().split('\n').length, 2);
      });
    }

    for (const failing of ['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const) {
      it(`leaves run.json whole when ${failing} fails`, () => {
        const dir = fresh();
        let full = false;
        const files = failingFs((call, path) =>
          full && call === failing && path.includes('run.json') ? 'ENOSPC' : undefined,
        );
        const writer = RunWriter.create(dir, newRun, CONFIG, files);
        const before = read(dir, 'run.json');
        full = true;
        assert.throws(
          () => writer.update({ device: 'webgpu' }),
          problem('write', /run\.json: the disk is full/),
        );
        assert.equal(read(dir, 'run.json'), before);
        assert.deepEqual(
          fs.readdirSync(dir).filter((name) => name.endsWith('.tmp')),
          [],
        );
        assert.throws(() => writer.close('finished'), problem('write', /disk is full/));
        assert.ok(!fs.existsSync(join(dir, 'run.lock')), 'the lock is released all the same');
      });
    }

    for (const [call, name] of [
      ['mkdirSync', ''],
      ['linkSync', 'run.lock'],
      ['openSync', 'config.ssm.yaml'],
      ['openSync', 'metrics.jsonl'],
      ['openSync', 'run.json'],
    ] as const) {
      it(`says that there is no permission for ${name || 'the folder'} and leaves no lock`, () => {
        const dir = fresh();
        const files = failingFs((called, path) =>
          called === call && path.includes(name) ? 'EACCES' : undefined,
        );
        assert.throws(
          () => RunWriter.create(dir, newRun, CONFIG, files),
          problem('write', /no permission to write there\. Change the permissions/),
        );
        assert.ok(!fs.existsSync(join(dir, 'run.lock')));
        assert.ok(!fs.existsSync(join(dir, 'run.json')), 'no run has begun');
      });
    }

    it('says so when the folder is a file', () => {
      const path = join(root, 'file');
      fs.writeFileSync(path, '');
      assert.throws(
        () => RunWriter.create(join(path, 'run'), newRun, CONFIG),
        problem('write', /Cannot write/),
      );
    });

    it('says so when the folder was deleted', () => {
      const dir = fresh();
      const writer = RunWriter.create(dir, newRun, CONFIG);
      fs.rmSync(dir, { recursive: true });
      assert.throws(() => writer.update(), problem('locked', /taken over .*or its lock was deleted/));
      assert.throws(() => writer.close('stopped'), RunFolderError);
    });
  });
});
