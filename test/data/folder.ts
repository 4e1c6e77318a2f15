/** @file Data sets opened on files that a test writes itself, and what they complain of. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, type Dataset } from '../../src/data';
import { openData } from './open';

export interface Folder {
  write(name: string, content: string | Uint8Array): void;
  open(name: string, options: Record<string, unknown>, seed?: number): Promise<Dataset>;
}

/** A folder that goes away with the tests. */
export function dataFolder(): Folder {
  const baseDir = fs.mkdtempSync(join(tmpdir(), 'ssm-data-'));
  after(() => fs.rmSync(baseDir, { recursive: true, force: true }));
  return {
    write(name, content) {
      fs.mkdirSync(join(baseDir, name, '..'), { recursive: true });
      fs.writeFileSync(join(baseDir, name), content);
    },
    open: (name, options, seed = 0) => openData(name, options, { baseDir, seed }),
  };
}

/** For `assert.rejects`: a DataError with this path and message. */
export const problem =
  (path: (string | number)[], message: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DataError, String(error));
    assert.deepEqual(error.path, path);
    assert.match(error.message, message);
    return true;
  };
