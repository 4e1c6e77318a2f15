/**
 * @file Files that are whole under their final names or not there: written beside, synced to the disk, renamed. Whatever
 * fails or dies in between leaves what was there.
 */
import * as nodeFs from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { describeWriteError } from './write-error';

/** The calls that writing needs; tests pass some that fail. */
export type FileSystem = Pick<typeof nodeFs, 'link' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'rm'>;

export interface NewFile {
  readonly name: string;
  /** Written one after the other. */
  readonly parts: readonly (Uint8Array | string)[];
}

/** @throws NodeJS.ErrnoException when there is such a file, or it cannot be written */
export async function writeSynced(path: string, parts: NewFile['parts'], fs: FileSystem): Promise<void> {
  const handle = await fs.open(path, 'wx');
  try {
    for (const part of parts) await handle.writeFile(part);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names in a folder durable. Windows has no such call. */
export async function syncFolder(path: string, fs: FileSystem): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Where this process writes what will be `path`, or keeps what was. */
export const beside = (path: string, suffix: 'tmp' | 'old' = 'tmp'): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}.${suffix}`);

/**
 * Writes files into a folder. One that is new appears with all of them; in one that is there they replace those of the
 * same name, all of which are on the disk before the first is replaced, and others stay.
 * @throws Error that says what to do
 */
export async function writeWhole(
  folder: string,
  files: readonly NewFile[],
  fs: FileSystem = nodeFs,
): Promise<void> {
  const path = resolve(folder);
  try {
    const isNew = await fs.readdir(path).then(
      () => false,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return true;
        throw error;
      },
    );
    await (isNew ? writeFolder(path, files, fs) : replaceIn(path, files, fs));
  } catch (error) {
    throw new Error(`${describeWriteError(path, error)}.`, { cause: error });
  }
}

/**
 * Writes one file; a link leads to it, and what is no file, such as `/dev/stdout`, is written as it is.
 * @throws Error that says what to do
 */
export async function writeFileWhole(
  path: string,
  parts: NewFile['parts'],
  fs: FileSystem = nodeFs,
): Promise<void> {
  const there = await nodeFs.stat(path).catch(() => undefined);
  if (there && !there.isFile() && !there.isDirectory()) {
    for (const part of parts) await nodeFs.writeFile(path, part);
    return;
  }
  const real = there ? await nodeFs.realpath(path) : resolve(path);
  await nodeFs.mkdir(dirname(real), { recursive: true });
  await writeWhole(dirname(real), [{ name: basename(real), parts }], fs);
}

/**
 * Writes one file where there is none: of two that are written at once, one is there and the other fails.
 * @returns false where there is one already, which stays
 * @throws Error that says what to do
 */
export async function writeNewFile(
  path: string,
  parts: NewFile['parts'],
  fs: FileSystem = nodeFs,
): Promise<boolean> {
  const real = resolve(path);
  const [folder, name, temporary] = [dirname(real), basename(real), beside(real)];
  try {
    await fs.mkdir(folder, { recursive: true });
    await removeLeftovers(folder, [name], fs);
    try {
      await writeSynced(temporary, parts, fs);
      if (!(await moveToFreeName(temporary, real, fs))) return false;
    } finally {
      await fs.rm(temporary, { force: true });
    }
    await syncFolder(folder, fs);
    return true;
  } catch (error) {
    throw new Error(`${describeWriteError(path, error)}.`, { cause: error });
  }
}

/** What file systems say that know no hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Unlike a rename, takes no name from what has it. @returns whether the name was free; `from` may stay */
async function moveToFreeName(from: string, to: string, fs: FileSystem): Promise<boolean> {
  const isTaken = async (take: Promise<unknown>): Promise<boolean> =>
    take.then(
      () => false,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return true;
        throw error;
      },
    );
  try {
    return !(await isTaken(fs.link(from, to)));
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    if (await isTaken(fs.open(to, 'wx').then((handle) => handle.close()))) return false;
    await fs.rename(from, to);
    return true;
  }
}

/**
 * Writes a folder that appears with all of its files.
 * @param move brings it from where it was written to its path
 */
export async function writeFolder(
  path: string,
  files: readonly NewFile[],
  fs: FileSystem,
  move: (from: string, to: string) => Promise<void> = fs.rename,
): Promise<void> {
  const parent = dirname(path);
  const temporary = beside(path);
  await fs.mkdir(parent, { recursive: true });
  await removeLeftovers(parent, [basename(path)], fs);
  try {
    await fs.mkdir(temporary);
    for (const { name, parts } of files) await writeSynced(join(temporary, name), parts, fs);
    await syncFolder(temporary, fs);
    await move(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(parent, fs);
}

async function replaceIn(path: string, files: readonly NewFile[], fs: FileSystem): Promise<void> {
  const places = files.map(({ name, parts }) => ({ name: join(path, name), parts }));
  await removeLeftovers(
    path,
    files.map(({ name }) => name),
    fs,
  );
  try {
    for (const { name, parts } of places) await writeSynced(beside(name), parts, fs);
    for (const { name } of places) await fs.rename(beside(name), name);
  } catch (error) {
    for (const { name } of places) await fs.rm(beside(name), { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(path, fs);
}

/** What processes that were killed left beside these names. */
async function removeLeftovers(folder: string, names: readonly string[], fs: FileSystem): Promise<void> {
  for (const found of await fs.readdir(folder)) {
    const [, name, pid] = /^\.(.+)\.(\d+)\.tmp$/.exec(found) ?? [];
    if (name === undefined || !names.includes(name) || lives(Number(pid))) continue;
    await fs.rm(join(folder, found), { recursive: true, force: true }).catch(() => {});
  }
}

function lives(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
