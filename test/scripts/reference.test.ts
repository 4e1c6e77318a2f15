/** @file The reference page in the repository is the one that the definitions give. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { referencePage } from '../../src/language';

describe('docs/reference.md', () => {
  it('is up to date (npm run reference writes it)', () => {
    const file = path.resolve(__dirname, '../../docs/reference.md');
    assert.equal(fs.readFileSync(file, 'utf8'), referencePage());
  });
});
