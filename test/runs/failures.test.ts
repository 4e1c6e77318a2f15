/** @file Disks that fail under the small files of a run: its lock, its notes, its metrics; at every call. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { readNotes, RunFolderError, RunWriter, writeNotes } from '../../src/runs';
import { RunLock } from '../../src/runs/lock';
import { failingFs, freshFolders, newRun, trainRow } from './run';

const CODES = [
  ['ENOSPC', /the disk is full\. Free some space/],
  ['EACCES', /there is no permission to write there\. Change the permissions/],
  ['EROFS', /the file system is read-only\. Use another folder/],
  ['EIO', /the disk reports an error\. Check it/],
] as const;

describe('a failing disk', () => {
  const fresh = freshFolders();
  const told = (message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof RunFolderError && error.problem === 'write', String(error));
    assert.match(error.message, message);
    return true;
  };

  it('is told by its reason where Node has another: a run folder on a read-only file system', () => {
    const dir = join(fresh(), 'runs', 'first');
    // As Node does: ENOENT where it is asked for the parents too.
    const files = failingFs((call, path) =>
      call === 'mkdirSync' ? (path === dir ? 'ENOENT' : 'EROFS') : undefined,
    );
    assert.throws(() => RunWriter.create(dir, newRun, 'data: x\n', files), told(/file system is read-only/));
  });

  for (const [code, message] of CODES) {
    for (const failing of ['openSync', 'writeSync', 'closeSync', 'linkSync'] as const) {
      it(`${code} at ${failing} of the lock: it is not taken, nothing stays, and the next try takes it`, () => {
        const dir = fresh();
        const files = failingFs((call, path) =>
          call === failing && path.includes('run.lock') ? code : undefined,
        );
        assert.throws(() => RunLock.acquire(dir, files), told(message));
        assert.deepEqual(fs.readdirSync(dir), []);
        RunLock.acquire(dir).release();
      });
    }

    it(`${code} while a lock is tidied: it is held all the same, and let go`, () => {
      const dir = fresh();
      let failing = true;
      const files = failingFs((call, path) =>
        failing && call === 'unlinkSync' && path.includes('run.lock.') ? code : undefined,
      );
      const lock = RunLock.acquire(dir, files);
      assert.ok(lock.held);
      failing = false;
      lock.release();
      assert.ok(!fs.existsSync(join(dir, 'run.lock')));
    });

    it(`${code} while a lock is let go is no error, and a dead process holds nothing`, () => {
      const dir = fresh();
      let failing = false;
      const lock = RunLock.acquire(
        dir,
        failingFs((call) => (failing && call === 'readFileSync' ? code : undefined)),
      );
      failing = true;
      lock.release();
      assert.ok(fs.existsSync(join(dir, 'run.lock')));
    });

    for (const failing of ['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const) {
      it(`${code} at ${failing} of the notes: the old ones stay whole`, () => {
        const dir = fresh();
        writeNotes(dir, { name: 'best', tags: ['paper'], pinned: true });
        const before = fs.readFileSync(join(dir, 'notes.json'), 'utf8');
        const files = failingFs((call, path) =>
          call === failing && path.includes('notes.json') ? code : undefined,
        );
        for (const patch of [{ name: 'other' }, { tags: ['x'] }, { pinned: false }]) {
          assert.throws(() => writeNotes(dir, patch, files), told(message));
        }
        assert.equal(fs.readFileSync(join(dir, 'notes.json'), 'utf8'), before);
        assert.deepEqual(fs.readdirSync(dir), ['notes.json']);
      });
    }

    it(`${code} while notes are read: a change does not forget the others`, () => {
      const dir = fresh();
      writeNotes(dir, { name: 'best', tags: ['paper'] });
      const files = failingFs((call) => (call === 'readFileSync' ? code : undefined));
      assert.throws(
        () => writeNotes(dir, { pinned: true }, files),
        told(new RegExp(`cannot be read \\(${code}\\)`)),
      );
      assert.deepEqual(readNotes(dir), { name: 'best', tags: ['paper'], pinned: false });
    });

    it(`${code} that leaves half a row: no later row is lost in it`, () => {
      const dir = fresh();
      let failing = false;
      const files = failingFs((call, path) =>
        failing && (call === 'writeSync' || call === 'ftruncateSync') && path.endsWith('metrics.jsonl')
          ? code
          : undefined,
      );
      const writer = RunWriter.create(dir, newRun, 'a: 1\n', files);
      writer.row(trainRow(1));
      failing = true;
      assert.throws(() => writer.row(trainRow(2)), told(message));
      assert.match(fs.readFileSync(join(dir, 'metrics.jsonl'), 'utf8'), /[^\n]$/, 'the row is torn');
      assert.throws(() => writer.row(trainRow(3)), told(message));
      failing = false;
      writer.rows([trainRow(4), trainRow(5)]);
      writer.close('finished');
      const lines = fs.readFileSync(join(dir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
      assert.deepEqual(
        lines.map((line) => (JSON.parse(line) as { step: number }).step),
        [1, 4, 5],
      );
    });

    it(`${code} while metrics are closed: the lock is let go all the same`, () => {
      const dir = fresh();
      const files = failingFs((call, path) =>
        call === 'closeSync' && path.endsWith('metrics.jsonl') ? code : undefined,
      );
      const writer = RunWriter.create(dir, newRun, '', files);
      assert.throws(() => writer.close('finished'));
      assert.ok(!fs.existsSync(join(dir, 'run.lock')));
    });

    it(`${code} while run.json is read: the run is not continued, and stays as it was`, () => {
      const dir = fresh();
      RunWriter.create(dir, newRun, '').close('stopped');
      const before = fs.readFileSync(join(dir, 'run.json'), 'utf8');
      const files = failingFs((call, path) =>
        call === 'readFileSync' && path.endsWith('run.json') ? code : undefined,
      );
      assert.throws(
        () => RunWriter.reopen(dir, undefined, files),
        (error) => error instanceof RunFolderError && error.message.includes(`cannot be read (${code})`),
      );
      assert.equal(fs.readFileSync(join(dir, 'run.json'), 'utf8'), before);
      assert.ok(!fs.existsSync(join(dir, 'run.lock')));
    });
  }

  it('notes that are no JSON are kept beside, and keys of others stay', () => {
    const dir = fresh();
    const path = join(dir, 'notes.json');
    fs.writeFileSync(path, '{"name": "by hand",');
    writeNotes(dir, { pinned: true });
    assert.equal(fs.readFileSync(join(dir, 'notes.damaged.json'), 'utf8'), '{"name": "by hand",');
    fs.writeFileSync(path, '{"colour": "blue", "name": "a"}');
    writeNotes(dir, { name: undefined });
    assert.deepEqual(JSON.parse(fs.readFileSync(path, 'utf8')), { colour: 'blue', tags: [], pinned: false });
  });
});
