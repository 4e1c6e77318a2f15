/** @file How configs are read: from disk, from open editors, from a test's memory. */
import { promises as fs } from 'node:fs';
import * as path from 'node:path';

/** Files are named by strings that only the reader understands (paths, URIs). */
export interface Reader {
  /** @throws when the file does not exist or cannot be read; the message is shown. */
  read(file: string): Promise<string>;
  /** The name of what `reference` means when it is written in `file`. */
  resolve(file: string, reference: string): string;
  /** The path on this machine's disk, where there is one. */
  toDisk(file: string): string | undefined;
}

/** Reads from disk, by path. */
export const diskReader: Reader = {
  read: (file) => fs.readFile(file, 'utf8'),
  resolve: (file, reference) => {
    const resolved = path.resolve(path.dirname(file), reference);
    // Diagnostics name files as the user did: relative stays relative.
    return path.isAbsolute(file) ? resolved : path.relative('', resolved) || resolved;
  },
  toDisk: (file) => path.resolve(file),
};

/** A sentence without the system's jargon. */
export function readFailure(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'there is no permission to read it';
  return error instanceof Error ? error.message : String(error);
}
