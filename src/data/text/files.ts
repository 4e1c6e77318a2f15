/** @file Which files a text consists of, and their content. */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DataError, type DataContext } from '../define';
import { glob, hasWildcard } from './glob';

/** Names a file that ships with the product: the same in a checkout and in an installed extension. */
const BUNDLED = 'bundled:';
const SHIPPED = ['moby-dick.txt'];

/** What names a shipped file that is none, with its place among the patterns. */
export function notShipped(
  patterns: readonly string[],
): { readonly index: number; readonly message: string } | undefined {
  const index = patterns.findIndex(
    (pattern) => pattern.startsWith(BUNDLED) && !SHIPPED.includes(pattern.slice(BUNDLED.length)),
  );
  if (index < 0) return undefined;
  return {
    index,
    message: `${patterns[index]} does not name a shipped file; there is ${SHIPPED.map((name) => BUNDLED + name).join(', ')}.`,
  };
}

export interface TextFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * The files of all patterns, each once: patterns in their order, the files of one by path. Empty files that a
 * wildcard finds are passed over.
 * @param option that holds the patterns
 * @throws DataError at `[option, index]` when a pattern gives nothing to read
 */
export async function readTextFiles(
  patterns: readonly string[],
  context: Pick<DataContext, 'baseDir' | 'bundledDir'>,
  option = 'files',
): Promise<TextFile[]> {
  const files = new Map<string, TextFile>();
  for (const [index, pattern] of patterns.entries()) {
    const at = [option, index];
    const paths = await pathsOf(pattern, context, at);
    let empty = 0;
    for (const path of paths) {
      if (files.has(path)) continue;
      const content = await read(path, at);
      if (content.length === 0) empty++;
      else files.set(path, { path, content });
    }
    if (empty > 0 && empty === paths.length) {
      const what = paths.length === 1 ? `${paths[0]} is empty` : `All ${empty} files of ${pattern} are empty`;
      throw new DataError(`${what}. A text needs at least context + 1 bytes to train on.`, at);
    }
  }
  return [...files.values()];
}

async function pathsOf(
  pattern: string,
  { baseDir, bundledDir }: Pick<DataContext, 'baseDir' | 'bundledDir'>,
  at: readonly (string | number)[],
): Promise<string[]> {
  if (pattern.startsWith(BUNDLED)) {
    const name = pattern.slice(BUNDLED.length);
    if (!/^\w[\w.-]*$/.test(name)) throw new DataError(`${pattern} does not name a shipped file.`, at);
    return [join(bundledDir, name)];
  }
  // A name may hold brackets; what exists under exactly this name is meant.
  const literal = resolve(baseDir, pattern);
  const kind = await stat(literal).catch((error: NodeJS.ErrnoException) => error);
  if ('isFile' in kind) {
    if (kind.isFile()) return [literal];
    const beneath = `${pattern.replace(/[\\/]+$/, '')}/*.txt`;
    throw new DataError(`${pattern} is a folder. Name the files in it, for example ${beneath}.`, at);
  }
  if (!hasWildcard(pattern)) {
    if (kind.code === 'ENOENT' || kind.code === 'ENOTDIR') {
      const start = 'Paths start from the folder of the config.';
      throw new DataError(`There is no file ${pattern} in ${baseDir}. ${start}`, at);
    }
    throw unreadable(literal, kind, at);
  }
  const found = await glob(pattern, baseDir).catch((error: Error) => {
    throw new DataError(`${pattern}: ${error.message}.`, at);
  });
  if (found.length === 0) {
    throw new DataError(
      `No file matches ${pattern} in ${baseDir}. Patterns start from the folder of the config.`,
      at,
    );
  }
  return found;
}

async function read(path: string, at: readonly (string | number)[]): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException, at);
  }
}

function unreadable(path: string, error: NodeJS.ErrnoException, at: readonly (string | number)[]): DataError {
  if (error.code === 'ENOENT') return new DataError(`There is no file ${path}.`, at);
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new DataError(`${path} may not be read. Change its permissions or name another file.`, at);
  }
  if (error.code === 'ERR_FS_FILE_TOO_LARGE') {
    return new DataError(`${path} is larger than 2 GiB. Split it and name the parts with a pattern.`, at);
  }
  return new DataError(`${path} cannot be read: ${error.message}.`, at);
}
