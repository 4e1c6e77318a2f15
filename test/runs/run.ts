/** @file A run folder in a temporary place, and a file system whose calls can be made to fail. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SyncFileSystem } from '../../src/runs';

export { newRun, trainRow } from './sample';

/** A folder that is removed after the suite. Call it within `describe`. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(join(tmpdir(), 'ssm-runs-'));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** New folders in a temporary one, one for each call. Call it within `describe`. */
export function freshFolders(): () => string {
  const root = temporaryFolder();
  let number = 0;
  return () => {
    const folder = join(root, `run-${number++}`);
    fs.mkdirSync(folder);
    return folder;
  };
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: made to fail`), { code });

/** The real file system, but `fails(call, path)` may give an error code; descriptors are known by their path. */
export function failingFs(
  fails: (call: keyof SyncFileSystem, path: string) => string | undefined,
): SyncFileSystem {
  const paths = new Map<number, string>();
  const wrap = (call: keyof SyncFileSystem) => {
    return (...parameters: unknown[]) => {
      const first = parameters[0];
      const path = typeof first === 'number' ? (paths.get(first) ?? '') : String(first);
      const code = fails(call, path);
      if (code !== undefined) {
        // A disk fills within a write as a rule: half of it goes through.
        if (call === 'writeSync') {
          const [descriptor, bytes, at, length] = parameters as [number, Uint8Array, number, number];
          if (length > 1) return fs.writeSync(descriptor, bytes, at, length >> 1);
        }
        throw failure(code);
      }
      const result = (fs[call] as (...given: unknown[]) => unknown)(...parameters);
      if (call === 'openSync') paths.set(result as number, path);
      return result;
    };
  };
  return new Proxy({} as SyncFileSystem, { get: (_, call) => wrap(call as keyof SyncFileSystem) });
}
