import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { readRunInfo, RunFolderError, RunReader, runStatus, RunWriter } from '../../src/runs';
import { RunLock } from '../../src/runs/lock';
import { isAlive, processStart } from '../../src/runs/process';
import { failingFs, freshFolders, newRun } from './run';

const locked = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RunFolderError && error.problem === 'locked', String(error));
  assert.match(error.message, message);
  return true;
};

/** A process that writes a run until it is killed. */
async function holder(dir: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'hold.ts'), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [ready] = (await once(child.stdout!, 'data')) as [Buffer];
  assert.equal(ready.toString(), 'ready\n');
  return child;
}

describe('the lock of a run folder', function () {
  this.timeout(20_000);
  const fresh = freshFolders();
  const lockOf = (dir: string): Record<string, unknown> =>
    JSON.parse(fs.readFileSync(join(dir, 'run.lock'), 'utf8'));
  const change = (dir: string, changes: object): void =>
    fs.writeFileSync(join(dir, 'run.lock'), JSON.stringify({ ...lockOf(dir), ...changes }));
  const age = (dir: string, seconds: number): void => {
    const then = Date.now() / 1000 - seconds;
    fs.utimesSync(join(dir, 'run.lock'), then, then);
  };

  it('refuses another process while its own lives, and is taken over at once when it is killed', async () => {
    const dir = fresh();
    const child = await holder(dir);
    try {
      const words = new RegExp(`Process ${child.pid} on .* is training in .*run-\\d+\\. Stop that run first`);
      assert.throws(() => RunWriter.create(dir, newRun, ''), locked(words));
      assert.throws(() => RunWriter.reopen(dir), locked(words));
      assert.equal(runStatus(await readRunInfo(dir)), 'running');
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const reader = new RunReader(dir);
    await reader.poll();
    assert.equal(reader.status, 'interrupted');
    assert.equal(reader.last?.step, 3);
    const writer = RunWriter.reopen(dir);
    assert.equal((await readRunInfo(dir)).pid, process.pid);
    writer.row({ step: 2, event: 'resume', from: 2 });
    writer.close('stopped');
    await reader.poll();
    assert.equal(reader.status, 'stopped');
    assert.equal(reader.last?.step, 2);
  });

  it('refuses a second writer in one process', () => {
    const dir = fresh();
    const first = RunLock.acquire(dir);
    assert.throws(() => RunLock.acquire(dir), locked(new RegExp(`Process ${process.pid} `)));
    first.release();
    RunLock.acquire(dir).release();
    assert.deepEqual(fs.readdirSync(dir), []);
  });

  it('is not held by a later process with the same number', function () {
    if (processStart(process.pid) === '') this.skip();
    const dir = fresh();
    RunLock.acquire(dir);
    change(dir, { started: '1' });
    const second = RunLock.acquire(dir);
    assert.ok(second.held);
  });

  it('is held by a process of another machine until that was silent for a minute', () => {
    const dir = fresh();
    const first = RunLock.acquire(dir);
    change(dir, { host: 'elsewhere', space: 'elsewhere', pid: 1 });
    age(dir, 50);
    assert.throws(() => RunLock.acquire(dir), locked(/Process 1 on elsewhere/));
    first.touch();
    age(dir, 61);
    assert.ok(RunLock.acquire(dir).held);
    assert.ok(!first.held, 'the silent one can see that it has lost it');
  });

  it('is held while it is being made, and not for ever if that was cut off', () => {
    const dir = fresh();
    fs.writeFileSync(join(dir, 'run.lock'), '');
    assert.throws(() => RunLock.acquire(dir), locked(/Another process/));
    age(dir, 11);
    assert.ok(RunLock.acquire(dir).held);
  });

  it('works where files cannot be linked', () => {
    const dir = fresh();
    const files = failingFs((call) => (call === 'linkSync' ? 'EPERM' : undefined));
    const lock = RunLock.acquire(dir, files);
    assert.throws(() => RunLock.acquire(dir, files), locked(/is training/));
    lock.release();
    assert.deepEqual(fs.readdirSync(dir), []);
  });

  it('does not take a lock away that is not its own', () => {
    const dir = fresh();
    const first = RunLock.acquire(dir);
    change(dir, { token: 'another' });
    first.release();
    assert.equal(lockOf(dir)['token'], 'another');
  });

  it('puts back a live lock that another process made while it judged the dead one before', () => {
    const dir = fresh();
    RunLock.acquire(dir);
    change(dir, { started: '1', token: 'dead' });
    const live = { ...lockOf(dir), started: processStart(process.pid), token: 'live' };
    let raced = false;
    const files = failingFs((call, path) => {
      if (call === 'renameSync' && path.endsWith('run.lock') && !raced) {
        raced = true;
        fs.writeFileSync(path, JSON.stringify(live));
      }
      return undefined;
    });
    assert.throws(() => RunLock.acquire(dir, files), locked(/is training/));
    assert.ok(raced);
    assert.equal(lockOf(dir)['token'], 'live');
    assert.deepEqual(fs.readdirSync(dir), ['run.lock']);
  });
});

describe('whether a process lives', () => {
  it('is true of this one and false of numbers that cannot be', () => {
    assert.ok(isAlive(process.pid));
    for (const pid of [0, -1, 1.5, 2 ** 31 - 2]) assert.ok(!isAlive(pid), String(pid));
  });

  it('is false of a process that ended and was not waited for', async function () {
    if (process.platform !== 'linux') this.skip();
    // The shell's child ends once the shell has become `sleep`, which never asks for it; the shell might.
    const child = '(until read -r name < /proc/$$/comm && [ "$name" = sleep ]; do :; done)';
    const shell = spawn('sh', ['-c', `${child} & echo $!; exec sleep 30`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [output] = (await once(shell.stdout, 'data')) as [Buffer];
      const pid = Number(output.toString());
      for (let i = 0; i < 500 && isAlive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(fs.existsSync(`/proc/${pid}`), 'it is still listed');
      assert.ok(!isAlive(pid));
    } finally {
      shell.kill('SIGKILL');
    }
  });
});
