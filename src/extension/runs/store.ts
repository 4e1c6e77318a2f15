/**
 * @file All runs this window knows, from their folders alone: those under `runs/` in the workspace, those beside
 * open configs, and those that were added. Folders are watched; what a watcher misses (network file systems) a slow
 * look finds.
 */
import fs, { type FSWatcher } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { listRuns, type RunReader } from '../../runs';
import type { RunEntry, RunStore } from '../services';
import { FollowedRun } from './followed';
import { findRunRoots } from './roots';

/** At most five messages a second. */
const QUIET_MS = 200;
/** How often live runs are read when no watcher tells, ms. */
const LIVE_MS = 1000;
/** How often folders are looked through for new runs, ms. */
const SCAN_MS = 5000;
const REMEMBERED = 'ssm.runs.outside';

export class DiskRunStore implements RunStore, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<readonly string[]>();
  readonly onDidChange = this.#changed.event;
  readonly #followed = new Map<string, FollowedRun>();
  readonly #roots = new Map<string, FSWatcher | undefined>();
  readonly #pending = new Set<string>();
  readonly #disposables: vscode.Disposable[] = [];
  #sorted: readonly RunEntry[] | undefined;
  #listChanged = false;
  #timer: NodeJS.Timeout | undefined;
  #scanning: Promise<void> | undefined;

  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly memory: vscode.Memento,
  ) {}

  get runs(): readonly RunEntry[] {
    this.#sorted ??= [...this.#followed.values()]
      .map(({ entry }) => entry)
      .toSorted(
        (a, b) => (b.info.started ?? '').localeCompare(a.info.started ?? '') || b.dir.localeCompare(a.dir),
      );
    return this.#sorted;
  }

  get(dir: string): RunEntry | undefined {
    return this.#followed.get(path.resolve(dir))?.entry;
  }

  reader(dir: string): RunReader {
    const followed = this.#followed.get(path.resolve(dir));
    if (followed === undefined) throw new Error(`${dir} is not followed; add it first.`);
    return followed.reader;
  }

  async start(): Promise<void> {
    await this.scan();
    for (const dir of this.memory.get<string[]>(REMEMBERED, []))
      await this.#follow(dir).catch(() => undefined);
    const live = setInterval(() => void this.#readLive(), LIVE_MS);
    const slow = setInterval(() => {
      if (vscode.window.state.focused) void this.scan();
    }, SCAN_MS);
    this.#disposables.push(
      new vscode.Disposable(() => clearInterval(live)),
      new vscode.Disposable(() => clearInterval(slow)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.scan()),
      vscode.workspace.onDidOpenTextDocument((document) => {
        if (document.languageId === 'ssm-yaml') void this.scan();
      }),
    );
  }

  /** Looks for run folders that are new or gone. */
  scan(): Promise<void> {
    this.#scanning ??= this.#scan().finally(() => {
      this.#scanning = undefined;
    });
    return this.#scanning;
  }

  async #scan(): Promise<void> {
    const started = performance.now();
    for (const root of await findRunRoots()) this.#watchRoot(root);
    for (const root of this.#roots.keys()) {
      for (const dir of await listRuns(root).catch(() => [])) {
        await this.#follow(dir).catch((error: unknown) => this.log.debug(`${dir}: ${String(error)}`));
      }
    }
    for (const dir of this.#followed.keys()) {
      if (!fs.existsSync(path.join(dir, 'run.json'))) this.#forget(dir);
    }
    const took = performance.now() - started;
    if (took > 250) this.log.debug(`Looking for runs took ${Math.round(took)} ms`);
  }

  #watchRoot(root: string): void {
    if (this.#roots.has(root)) return;
    let watcher: FSWatcher | undefined;
    try {
      watcher = fs.watch(root, { persistent: false }, () => void this.scan());
      watcher.on('error', () => watcher?.close());
    } catch {
      // The slow look serves.
    }
    this.#roots.set(root, watcher);
  }

  async add(dir: string): Promise<RunEntry> {
    const key = path.resolve(dir);
    const followed = await this.#follow(key);
    await followed.poll();
    const root = path.dirname(path.dirname(key));
    if (!this.#roots.has(root)) {
      const outside = new Set(this.memory.get<string[]>(REMEMBERED, []));
      if (!outside.has(key)) {
        outside.add(key);
        await this.memory.update(REMEMBERED, [...outside].slice(-50));
      }
    }
    return followed.entry;
  }

  async #follow(dir: string): Promise<FollowedRun> {
    const key = path.resolve(dir);
    const known = this.#followed.get(key);
    if (known !== undefined) return known;
    const followed = new FollowedRun(key, () => this.#touch(key));
    try {
      await followed.poll();
    } catch (error) {
      followed.dispose();
      throw error;
    }
    // Another call may have been quicker.
    const twin = this.#followed.get(key);
    if (twin !== undefined) {
      followed.dispose();
      return twin;
    }
    this.#followed.set(key, followed);
    this.#listChanged = true;
    this.#touch(key);
    return followed;
  }

  #forget(dir: string): void {
    this.#followed.get(dir)?.dispose();
    this.#followed.delete(dir);
    this.#listChanged = true;
    this.#touch(dir);
  }

  /** Reads one run now, or notices that it is gone or new. */
  async refresh(dir: string): Promise<void> {
    const key = path.resolve(dir);
    if (!fs.existsSync(path.join(key, 'run.json'))) this.#forget(key);
    else await (await this.#follow(key)).poll();
  }

  /** Reads every run that was live at the last look: before something is offered that depends on it. */
  async refreshLive(): Promise<void> {
    await this.#readLive();
  }

  async #readLive(): Promise<void> {
    for (const followed of this.#followed.values()) {
      if (followed.entry.status === 'running') await followed.poll().catch(() => undefined);
    }
  }

  #touch(dir: string): void {
    this.#sorted = undefined;
    this.#pending.add(dir);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const dirs = this.#listChanged ? [] : [...this.#pending];
      this.#listChanged = false;
      this.#pending.clear();
      this.#changed.fire(dirs);
    }, QUIET_MS);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const followed of this.#followed.values()) followed.dispose();
    for (const watcher of this.#roots.values()) watcher?.close();
    for (const disposable of this.#disposables) disposable.dispose();
    this.#changed.dispose();
  }
}
