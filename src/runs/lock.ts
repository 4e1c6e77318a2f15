/**
 * @file One writer per run folder. The lock names its process, so that a dead process holds nothing: on the same
 * machine that is known at once, across a network file system after a minute without a sign of life.
 */
import { randomBytes } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { HEARTBEAT_LIMIT } from '../protocol/run';
import { cannotWrite, RunFolderError } from './errors';
import { writeAll, type SyncFileSystem } from './files';
import { isAlive, processSpace, processStart } from './process';

const LOCK_FILE = 'run.lock';
/** A lock without content is one that is just being made, unless it is older than this, ms. */
const MAKING_LIMIT = 10_000;
/** More than enough for others that take and release in between. */
const ATTEMPTS = 20;

const holderSchema = z.object({
  pid: z.int(),
  host: z.string(),
  space: z.string(),
  started: z.string(),
  token: z.string(),
});
type Holder = z.output<typeof holderSchema>;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

export class RunLock {
  private constructor(
    readonly path: string,
    private readonly token: string,
    private readonly fs: SyncFileSystem,
  ) {}

  /**
   * Takes the lock of a run folder that exists.
   * @throws RunFolderError `locked` when a live process holds it, `write` when it cannot be made
   */
  static acquire(runDir: string, fs: SyncFileSystem = nodeFs): RunLock {
    const path = join(runDir, LOCK_FILE);
    const token = randomBytes(12).toString('hex');
    const holder: Holder = {
      pid: process.pid,
      host: hostname(),
      space: processSpace(),
      started: processStart(process.pid),
      token,
    };
    const content = Buffer.from(`${JSON.stringify(holder)}\n`);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (create(path, token, content, fs)) return new RunLock(path, token, fs);
      const found = read(path, fs);
      if (found === undefined) continue;
      if (isHeld(found)) throw locked(runDir, found.holder);
      removeStale(path, token, found.text, fs);
    }
    throw locked(runDir, undefined);
  }

  /** Whether the lock is still this one; another process may have taken it after a minute of silence. */
  get held(): boolean {
    return read(this.path, this.fs)?.holder?.token === this.token;
  }

  /** A sign of life for other machines. */
  touch(): void {
    const now = new Date();
    this.fs.utimesSync(this.path, now, now);
  }

  release(): void {
    try {
      if (this.held) this.fs.unlinkSync(this.path);
    } catch {
      // Its process ends with it.
    }
  }
}

/** Makes the lock with its content at once; false when there is one. */
function create(path: string, token: string, content: Uint8Array, fs: SyncFileSystem): boolean {
  const beside = `${path}.${token}`;
  try {
    write(beside, content, fs);
    try {
      fs.linkSync(beside, path);
      return true;
    } finally {
      tryRemove(beside, fs);
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return false;
    const linkless = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'];
    if (code === undefined || !linkless.includes(code)) throw cannotWrite(path, error);
  }
  // A file system without links: the lock is empty for a moment, which others take for held.
  try {
    write(path, content, fs);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw cannotWrite(path, error);
  }
}

function write(path: string, content: Uint8Array, fs: SyncFileSystem): void {
  const descriptor = fs.openSync(path, 'wx', 0o600);
  try {
    writeAll(fs, descriptor, content);
    fs.closeSync(descriptor);
  } catch (error) {
    tryRemove(path, fs);
    throw error;
  }
}

/** What stays behind holds nothing. */
function tryRemove(path: string, fs: SyncFileSystem): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // The error that led here, or the lock that was made all the same, counts.
  }
}

interface Found {
  readonly text: string;
  readonly holder: Holder | undefined;
  /** Since its last sign of life, ms. */
  readonly age: number;
}

/** undefined when it has gone meanwhile. */
function read(path: string, fs: SyncFileSystem): Found | undefined {
  try {
    const text = fs.readFileSync(path, 'utf8');
    const age = Date.now() - fs.statSync(path).mtimeMs;
    return { text, holder: parse(text), age };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw cannotWrite(path, error);
  }
}

function parse(text: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isHeld({ holder, age }: Found): boolean {
  if (holder === undefined) return age < MAKING_LIMIT;
  if (holder.space === processSpace()) return isAlive(holder.pid, holder.started);
  return age < HEARTBEAT_LIMIT;
}

/** Removes the lock that was judged, and not one that somebody made since. */
function removeStale(path: string, token: string, judged: string, fs: SyncFileSystem): void {
  const aside = `${path}.${token}.stale`;
  try {
    fs.renameSync(path, aside);
    if (fs.readFileSync(aside, 'utf8') !== judged) fs.linkSync(aside, path);
    fs.unlinkSync(aside);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw cannotWrite(path, error);
  }
}

function locked(runDir: string, holder: Holder | undefined): RunFolderError {
  const who = holder === undefined ? 'Another process' : `Process ${holder.pid} on ${holder.host}`;
  return new RunFolderError(
    'locked',
    `${who} is training in ${runDir}. Stop that run first, or use another folder with --run-dir.`,
  );
}
