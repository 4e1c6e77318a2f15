/** @file Where runs lie and which there are. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RUN_FILE, runInfoSchema, type RunInfo } from '../protocol/run';
import { RunFolderError } from './errors';

/** `runs/<config stem>/<yyyymmdd-hhmmss>-<4 hex>` beside the config, in local time. */
export function newRunDir(configPath: string, now: Date = new Date()): string {
  const stem = basename(configPath).replace(/(\.ssm)?\.(ya?ml|json)$/, '');
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return join(dirname(configPath), 'runs', stem, `${day}-${time}-${randomBytes(2).toString('hex')}`);
}

/**
 * Reads run.json.
 * @throws RunFolderError `no-run` or `damaged`
 */
export async function readRunInfo(runDir: string): Promise<RunInfo> {
  const path = join(runDir, RUN_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new RunFolderError('no-run', `There is no run in ${runDir}.`, error);
    }
    throw new RunFolderError('damaged', `${path} cannot be read (${code}).`, error);
  }
  return parseRunInfo(text, path);
}

/** @throws RunFolderError `damaged`, naming the first wrong key */
export function parseRunInfo(text: string, path: string): RunInfo {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new RunFolderError('damaged', `${path} is not valid JSON.`, error);
  }
  const parsed = runInfoSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RunFolderError(
    'damaged',
    `${path} has no valid ${issue?.path.join('.') || 'object'}: ${issue?.message}.`,
  );
}

/** Folders below a `runs` folder are at most this deep: the config's, then the run's, one more for sweeps. */
const DEPTH = 3;

/** Run folders in or under `root`, by path. A folder without run.json is none; nothing is looked for inside a run. */
export async function listRuns(root: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (entries.some((entry) => entry.name === RUN_FILE && entry.isFile())) {
      found.push(folder);
      return;
    }
    if (depth === DEPTH) return;
    for (const entry of entries) {
      if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') {
        await visit(join(folder, entry.name), depth + 1);
      }
    }
  };
  await visit(root, 0);
  return found.sort();
}
