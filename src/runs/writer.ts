/**
 * @file The only writer of a run folder: run.json, replaced as a whole; metrics.jsonl, appended line by line;
 * the resolved config, written once. It holds the folder's lock until it is closed.
 */
import { randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import {
  CONFIG_FILE,
  METRICS_FILE,
  RUN_FILE,
  stringifyRow,
  type RunInfo,
  type WrittenStatus,
} from '../protocol/run';
import { cannotWrite, RunFolderError } from './errors';
import { writeAtomic, type SyncFileSystem } from './files';
import { parseRunInfo } from './folder';
import { RunLock } from './lock';
import { MetricsFile } from './metrics-file';

/** Time between signs of life, ms. */
const HEARTBEAT = 10_000;

/** What the trainer knows of a run that begins; the rest of run.json is the writer's own. */
export type NewRun = Pick<
  RunInfo,
  'device' | 'threads' | 'versions' | 'config_hash' | 'data_hash' | 'parameters' | 'steps' | 'task' | 'config'
> & { readonly name?: string };

export class RunWriter {
  #info: RunInfo;
  readonly #timer: NodeJS.Timeout;
  #beat = Date.now();
  #closed = false;

  private constructor(
    readonly dir: string,
    info: RunInfo,
    /** run.json as it was found, when the run is continued. */
    readonly earlier: RunInfo | undefined,
    private readonly earlierText: string | undefined,
    private readonly lock: RunLock,
    private readonly metrics: MetricsFile,
    private readonly fs: SyncFileSystem,
  ) {
    this.#info = info;
    this.#timer = setInterval(() => this.#silentHeartbeat(), HEARTBEAT);
    // Signs of life do not keep a process alive.
    this.#timer.unref();
  }

  /**
   * Begins a run in `runDir`, which is made if need be.
   * @throws RunFolderError `holds-run`, `locked` or `write`
   */
  static create(runDir: string, run: NewRun, configText: string, fs: SyncFileSystem = nodeFs): RunWriter {
    const dir = resolve(runDir);
    makeFolder(dir, fs);
    return locking(dir, fs, (lock) => {
      refuseRun(dir, fs);
      const now = new Date().toISOString();
      const info: RunInfo = {
        id: randomUUID(),
        name: `${basename(dirname(dir))}/${basename(dir)}`,
        status: 'running',
        pid: process.pid,
        host: hostname(),
        heartbeat: now,
        started: now,
        ...run,
      };
      // In this order a process that dies in between leaves a folder that is no run yet, or one to resume.
      writeAtomic(join(dir, CONFIG_FILE), configText, fs);
      writeInfo(dir, info, fs);
      try {
        const metrics = MetricsFile.open(join(dir, METRICS_FILE), fs);
        return new RunWriter(dir, info, undefined, undefined, lock, metrics, fs);
      } catch (error) {
        try {
          fs.unlinkSync(join(dir, RUN_FILE));
        } catch {
          // The run can be resumed then; the error that led here counts.
        }
        throw error;
      }
    });
  }

  /**
   * Continues the run in `runDir`: it is `running` again, in this process. The row that says where it continues is
   * the caller's to write.
   * @param configText when the config has changed in what may change
   * @throws RunFolderError `no-run`, `damaged`, `locked` or `write`
   */
  static reopen(runDir: string, configText?: string, fs: SyncFileSystem = nodeFs): RunWriter {
    const dir = resolve(runDir);
    const path = join(dir, RUN_FILE);
    if (!fs.existsSync(path)) {
      throw new RunFolderError(
        'no-run',
        `There is no run in ${dir} to resume. Leave out --resume to start one.`,
      );
    }
    return locking(dir, fs, (lock) => {
      const text = readInfo(path, fs);
      const earlier = parseRunInfo(text, path);
      const { ended: _ended, error: _error, endpoint: _endpoint, ...kept } = earlier;
      const info: RunInfo = {
        ...(kept as RunInfo),
        status: 'running',
        pid: process.pid,
        host: hostname(),
        heartbeat: new Date().toISOString(),
      };
      const metrics = MetricsFile.open(join(dir, METRICS_FILE), fs);
      try {
        writeInfo(dir, info, fs);
        if (configText !== undefined) writeAtomic(join(dir, CONFIG_FILE), configText, fs);
      } catch (error) {
        metrics.close();
        throw error;
      }
      return new RunWriter(dir, info, earlier, text, lock, metrics, fs);
    });
  }

  /** run.json as last written. */
  get info(): RunInfo {
    return this.#info;
  }

  /** Appends one row. @throws RunFolderError `write`; the file then ends with the row before */
  row(row: Readonly<Record<string, unknown>>): void {
    this.metrics.append(`${stringifyRow(row)}\n`);
  }

  /** Appends rows in one write: all of them or none. */
  rows(rows: readonly Readonly<Record<string, unknown>>[]): void {
    if (rows.length > 0) this.metrics.append(rows.map((row) => `${stringifyRow(row)}\n`).join(''));
  }

  /** Puts the rows on the disk; before a checkpoint, so that no row is older than the state it led to. */
  sync(): void {
    this.metrics.sync();
  }

  /** Changes keys of run.json; undefined removes one. @throws RunFolderError `write`, or `locked` when the lock is lost */
  update(change: Partial<RunInfo> = {}): void {
    this.#checkLock();
    const info = { ...this.#info, ...change, heartbeat: new Date().toISOString() };
    writeInfo(this.dir, info, this.fs);
    this.#info = info;
    this.#beat = Date.now();
  }

  /** A sign of life; also given every ten seconds without being asked. */
  heartbeat(): void {
    if (Date.now() - this.#beat >= HEARTBEAT / 2) {
      this.update();
      this.lock.touch();
    }
  }

  #silentHeartbeat(): void {
    try {
      this.heartbeat();
    } catch {
      // A full disk is no reason to end; rows and checkpoints will tell when they fail.
    }
  }

  #checkLock(): void {
    if (this.lock.held) return;
    throw new RunFolderError(
      'locked',
      `Another process has taken over ${this.dir}, or its lock was deleted. This one must not write there any more.`,
    );
  }

  /** Ends the run: its last word in run.json, then the lock is released, also when the word cannot be written. */
  close(status: Exclude<WrittenStatus, 'running'>, error?: string): void {
    if (this.#closed) return;
    const ended = new Date().toISOString();
    try {
      this.update({ status, ended, endpoint: undefined, error });
      this.metrics.sync();
    } finally {
      this.#release();
    }
  }

  /** Leaves the folder as `reopen` found it, when the run turns out not to be one that can be continued. */
  abandon(): void {
    if (this.#closed) return;
    try {
      if (this.earlierText !== undefined) writeAtomic(join(this.dir, RUN_FILE), this.earlierText, this.fs);
    } finally {
      this.#release();
    }
  }

  #release(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    try {
      this.metrics.close();
    } finally {
      this.lock.release();
    }
  }
}

/** @throws RunFolderError `write` */
function makeFolder(dir: string, fs: SyncFileSystem): void {
  try {
    fs.mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw cannotWrite(
      dir,
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? whyMissing(dir, error, fs) : error,
    );
  }
}

/** Asked for parents too, Node says ENOENT of a read-only file system; asked for the first one alone, what it is. */
function whyMissing(dir: string, missing: unknown, fs: SyncFileSystem): unknown {
  let first = dir;
  while (dirname(first) !== first && !fs.existsSync(dirname(first))) first = dirname(first);
  try {
    fs.mkdirSync(first);
    return missing;
  } catch (error) {
    return error;
  }
}

/** @throws RunFolderError `holds-run`; a folder without run.json cannot be resumed, so that is not what it says then */
function refuseRun(dir: string, fs: SyncFileSystem): void {
  const found = [RUN_FILE, METRICS_FILE, 'checkpoints'].find((name) => fs.existsSync(join(dir, name)));
  if (found === undefined) return;
  const hint =
    found === RUN_FILE
      ? 'Continue it with --resume, or use'
      : `It cannot be continued, as it has ${found} but no ${RUN_FILE}. Use`;
  throw new RunFolderError('holds-run', `${dir} already holds a run. ${hint} another folder with --run-dir.`);
}

function writeInfo(dir: string, info: RunInfo, fs: SyncFileSystem): void {
  writeAtomic(join(dir, RUN_FILE), `${JSON.stringify(info, undefined, 2)}\n`, fs);
}

function readInfo(path: string, fs: SyncFileSystem): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new RunFolderError(
      'damaged',
      `${path} cannot be read (${code}), so the run is not continued.`,
      error,
    );
  }
}

/** Gives the lock back when `open` fails. */
function locking<T>(dir: string, fs: SyncFileSystem, open: (lock: RunLock) => T): T {
  const lock = RunLock.acquire(dir, fs);
  try {
    return open(lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}
