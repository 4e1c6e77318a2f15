/**
 * @file A folder that is either complete under its final name or not there, and replaces one of that name. Whatever
 * fails or dies in between leaves the previous state whole.
 */
import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { beside, writeFolder as write, type FileSystem, type NewFile } from '../../util/whole-files';
import { describeWriteError } from '../../util/write-error';

export type { FileSystem } from '../../util/whole-files';

export interface FolderFile extends NewFile {
  readonly parts: readonly Uint8Array[];
}

/** A checkpoint could not be written or read; the message says what to do. */
export class CheckpointError extends Error {
  constructor(
    message: string,
    override readonly cause?: unknown,
  ) {
    super(message);
    this.name = 'CheckpointError';
  }
}

const LEFTOVER = /^\.(step-\d+)\.\d+\.(tmp|old)$/;

/** Writes `files` into the folder `path`, replacing a folder of that name. @throws CheckpointError */
export async function writeFolder(
  path: string,
  files: readonly FolderFile[],
  fs: FileSystem = nodeFs,
): Promise<void> {
  try {
    await write(path, files, fs, (from, to) => replace(from, to, fs));
  } catch (error) {
    throw new CheckpointError(
      `${describeWriteError(path, error)}, then continue with --resume. Earlier checkpoints are whole.`,
      error,
    );
  }
}

async function replace(from: string, to: string, fs: FileSystem): Promise<void> {
  const aside = beside(to, 'old');
  try {
    await fs.rename(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw error;
    await fs.rename(to, aside);
    try {
      await fs.rename(from, to);
    } catch (second) {
      await fs.rename(aside, to);
      throw second;
    }
    // The new one stands; what is left of the old one goes when the run is continued.
    await fs.rm(aside, { recursive: true, force: true }).catch(() => {});
  }
}

/** Removes a folder: its name goes first, so that no part of it is ever taken for a whole one. */
export async function removeFolder(path: string, fs: FileSystem): Promise<void> {
  const aside = beside(path);
  await fs.rename(path, aside);
  await fs.rm(aside, { recursive: true, force: true });
}

/** Tidies after killed processes: half-written folders go, a folder that was being replaced comes back. */
export async function removeLeftovers(folder: string, fs: FileSystem = nodeFs): Promise<void> {
  const names = await fs.readdir(folder).catch(() => [] as string[]);
  for (const name of names) {
    const leftover = LEFTOVER.exec(name);
    if (leftover === null) continue;
    const [, original, suffix] = leftover;
    if (suffix === 'old' && !names.includes(original!)) {
      await fs.rename(join(folder, name), join(folder, original!));
    } else {
      await fs.rm(join(folder, name), { recursive: true, force: true });
    }
  }
}
