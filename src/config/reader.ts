/** @file How configs are read: from disk, from open editors, from a test's memory. */
import { constants, promises as fs } from 'node:fs';
import * as path from 'node:path';
import { maxLength } from './parse';

/** Files are named by strings that only the reader understands (paths, URIs). */
export interface Reader {
  /** @throws when the file does not exist or cannot be read; the message is shown. */
  read(file: string): Promise<string>;
  /** The name of what `reference` means when it is written in `file`. */
  resolve(file: string, reference: string): string;
  /** The path on this machine's disk, where there is one. */
  toDisk(file: string): string | undefined;
}

/** Bytes of the longest config; what is longer is no config, and may have no end. */
const MOST_BYTES = 4 * maxLength;
/** A pipe would keep whoever opens it waiting for its other end; unknown to Windows. */
const AT_ONCE = constants.O_RDONLY | ((constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0);

/**
 * A config on disk, which another config may name.
 * @throws Error saying why it is none: a device, a pipe, too long
 */
export async function readConfigFile(path: string): Promise<string> {
  const handle = await fs.open(path, AT_ONCE);
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    if (!stat.isFile()) throw new Error('it is a device or a pipe, no file');
    if (stat.size > MOST_BYTES) throw new Error(`its ${stat.size} bytes are too many for a config`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** What a shell puts in the place of a file: `-` of other programs, `<(…)`. */
const FROM_SHELL = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/** Reads from disk, by path. */
export const diskReader: Reader = {
  read: (file) => (FROM_SHELL.test(file) ? fs.readFile(file, 'utf8') : readConfigFile(file)),
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
