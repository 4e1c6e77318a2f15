import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

describe('FEATURES.md', () => {
  it('names every mixer, data set and golden case', () => {
    const root = join(__dirname, '..', '..');
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', join('scripts', 'features.ts'), '--check'],
      { cwd: root, encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
  }).timeout(120_000);
});
