/** @file One run folder: read again when its files change, told on when something is new. */
import fs, { type FSWatcher } from 'node:fs';
import path from 'node:path';
import { readNotes, RunReader } from '../../runs';
import type { RunEntry } from '../services';

export class FollowedRun {
  readonly reader: RunReader;
  #entry: RunEntry | undefined;
  #watcher: FSWatcher | undefined;
  #reading: Promise<void> | undefined;
  #again = false;

  constructor(
    readonly dir: string,
    private readonly changed: () => void,
  ) {
    this.reader = new RunReader(dir);
  }

  /** @throws Error before the first successful `poll` */
  get entry(): RunEntry {
    if (this.#entry === undefined) throw new Error(`${this.dir} has not been read.`);
    return this.#entry;
  }

  /** Reads what is new. Calls that come while one is under way share one more. */
  poll(): Promise<void> {
    if (this.#reading !== undefined) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    do {
      this.#again = false;
      const news = await this.reader.poll();
      const entry = toEntry(this.dir, this.reader);
      const before = this.#entry;
      const moved =
        before?.status !== entry.status || JSON.stringify(before.notes) !== JSON.stringify(entry.notes);
      this.#entry = entry;
      if (news || moved) this.changed();
      this.#watch(entry.status === 'running');
    } while (this.#again);
  }

  /** Only live runs are watched: finished ones change with a resume, which begins with a new look. */
  #watch(live: boolean): void {
    if (!live) {
      this.#watcher?.close();
      this.#watcher = undefined;
      return;
    }
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = fs.watch(this.dir, { persistent: false }, () => this.#soon());
      this.#watcher.on('error', () => this.#watch(false));
    } catch {
      // The store reads live runs every second anyway.
    }
  }

  #timer: NodeJS.Timeout | undefined;
  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.poll().catch(() => undefined);
    }, 100);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

function toEntry(dir: string, reader: RunReader): RunEntry {
  const { info, status } = reader;
  const notes = readNotes(dir);
  const last = reader.last;
  const accuracy = reader.evals.findLast(({ eval: { split } }) => split === 'validation')?.eval['accuracy'];
  return {
    dir,
    name: notes.name ?? `${path.basename(path.dirname(dir))}/${path.basename(dir)}`,
    notes,
    status,
    info,
    step: last?.step ?? 0,
    ...(info.config === undefined ? {} : { config: info.config }),
    ...(info.steps === undefined ? {} : { steps: info.steps }),
    ...(last?.['loss'] === undefined ? {} : { loss: last['loss'] }),
    ...(typeof accuracy !== 'number' ? {} : { accuracy }),
    ...(info.error === undefined ? {} : { error: info.error }),
  };
}
