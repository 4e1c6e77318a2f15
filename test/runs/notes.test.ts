import * as assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { readNotes, tagsFrom, writeNotes } from '../../src/runs';

describe('notes of a run', () => {
  let dir: string;
  beforeEach(() => void (dir = mkdtempSync(path.join(os.tmpdir(), 'ssm-notes-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('are empty where none were written, and keep what is not changed', () => {
    assert.deepEqual(readNotes(dir), { tags: [], pinned: false });
    writeNotes(dir, { name: ' best so far ' });
    writeNotes(dir, { tags: ['paper', 'paper', 'mamba'] });
    writeNotes(dir, { pinned: true });
    assert.deepEqual(readNotes(dir), { name: 'best so far', tags: ['paper', 'mamba'], pinned: true });
    writeNotes(dir, { name: undefined });
    assert.deepEqual(readNotes(dir), { tags: ['paper', 'mamba'], pinned: true });
  });

  it('never stand in the way: torn and foreign files read as far as they make sense', () => {
    for (const [text, expected] of [
      ['{"name": "a"', { tags: [], pinned: false }],
      ['[1]', { tags: [], pinned: false }],
      ['{"name": 3, "tags": "x", "pinned": true, "other": 1}', { tags: [], pinned: true }],
      [`{"name": "${'x'.repeat(5000)}"}`, { tags: [], pinned: false }],
    ] as const) {
      writeFileSync(path.join(dir, 'notes.json'), text);
      const { name, ...rest } = readNotes(dir);
      assert.equal(name, undefined);
      assert.deepEqual(rest, expected);
    }
  });

  it('reads tags as people write them', () => {
    assert.deepEqual(tagsFrom(' paper, #mamba ,, paper'), ['paper', 'mamba']);
    assert.deepEqual(tagsFrom('  '), []);
  });
});
