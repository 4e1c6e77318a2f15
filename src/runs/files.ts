/** @file Writing small files of a run so that each is whole or as it was before. */
import * as nodeFs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cannotWrite } from './errors';

/** The calls that writing a run folder needs; tests pass some that fail. */
export type SyncFileSystem = Pick<
  typeof nodeFs,
  | 'mkdirSync'
  | 'openSync'
  | 'writeSync'
  | 'readSync'
  | 'fsyncSync'
  | 'ftruncateSync'
  | 'fstatSync'
  | 'closeSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'linkSync'
  | 'readFileSync'
  | 'existsSync'
  | 'statSync'
  | 'utimesSync'
>;

/** Writes all bytes, also where the system takes them in parts. */
export function writeAll(fs: SyncFileSystem, descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(descriptor, bytes, at, bytes.length - at);
}

/**
 * Replaces a file: written beside it, synced, renamed.
 * @throws RunFolderError with the old content in place
 */
export function writeAtomic(path: string, text: string, fs: SyncFileSystem = nodeFs): void {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const descriptor = fs.openSync(beside, 'w', 0o600);
    try {
      writeAll(fs, descriptor, Buffer.from(text, 'utf8'));
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(beside, path);
  } catch (error) {
    try {
      fs.unlinkSync(beside);
    } catch {
      // It was not even made, or the folder cannot be written at all; the first error tells.
    }
    throw cannotWrite(path, error);
  }
}
