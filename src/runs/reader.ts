/**
 * @file Follows a run folder from outside: what is new since the last look, at the cost of what is new. Nothing
 * that a run writes, or a killed run leaves, makes it fail.
 */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { METRICS_FILE, RUN_FILE, type RunInfo, type RunStatus } from '../protocol/run';
import { readRunInfo } from './folder';
import { Metrics, type RunEvaluation, type RunEvent } from './metrics';
import { runStatus } from './status';
import type { MetricTable } from './table';

const NEWLINE = 0x0a;
/** Read into one buffer again and again: fresh memory would cost more than what is done with it. */
const CHUNK = 1 << 16;
/** Longer lines are no rows. */
const LONGEST_LINE = 1 << 24;
/** Bytes before the read position by which a file is known again. */
const FINGERPRINT = 64;

export class RunReader {
  #info: RunInfo | undefined;
  #infoStamp = '';
  #metrics = new Metrics();
  #offset = 0;
  #fingerprint: Uint8Array = new Uint8Array();
  /** Within a line that is too long. */
  #skipping = false;
  #generation = 0;
  #polling: Promise<boolean> | undefined;

  constructor(readonly dir: string) {}

  /** run.json as last read. @throws Error before the first `poll` */
  get info(): RunInfo {
    if (this.#info === undefined) throw new Error(`${this.dir} has not been read yet; call poll first.`);
    return this.#info;
  }

  /** As of now: the run may have been interrupted since the last `poll`. */
  get status(): RunStatus {
    return runStatus(this.info);
  }

  /** `train` and one `eval/<split>` per split, as columns; `step` is one of them. */
  get tables(): ReadonlyMap<string, MetricTable> {
    return this.#metrics.tables;
  }

  /** Events in their order, those that a resume dropped left out. */
  get events(): readonly RunEvent[] {
    return this.#metrics.events;
  }

  /** Evaluations of all splits in their order. */
  get evals(): readonly RunEvaluation[] {
    return this.#metrics.evals;
  }

  /** The last row after an optimiser step. */
  get last(): ({ readonly step: number } & Readonly<Record<string, number>>) | undefined {
    const table = this.#metrics.tables.get('train');
    return table?.row(table.length - 1) as { step: number } | undefined;
  }

  /** Changes when rows that were there are gone, after a resume or with a new file: read tables from their start. */
  get generation(): number {
    return this.#generation + this.#metrics.dropped;
  }

  /** Lines that are no rows, a torn last line not counted. */
  get unreadable(): number {
    return this.#metrics.unreadable;
  }

  /**
   * Reads what is new; calls that come while one is under way share it.
   * @returns whether anything was
   * @throws RunFolderError when the folder holds no run
   */
  poll(): Promise<boolean> {
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  async #poll(): Promise<boolean> {
    const info = await this.#readInfo();
    const rows = await this.#readMetrics();
    return info || rows;
  }

  async #readInfo(): Promise<boolean> {
    const found = await stat(join(this.dir, RUN_FILE)).catch(() => undefined);
    const stamp = found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`;
    if (stamp !== '' && stamp === this.#infoStamp) return false;
    this.#info = await readRunInfo(this.dir);
    this.#infoStamp = stamp;
    return true;
  }

  async #readMetrics(): Promise<boolean> {
    const file = await open(join(this.dir, METRICS_FILE), 'r').catch(() => undefined);
    if (file === undefined) return this.#startOver();
    try {
      const { size } = await file.stat();
      const fresh = await this.#isAnother(file, size);
      if (fresh) this.#startOver();
      return (await this.#readRows(file, size)) || fresh;
    } finally {
      await file.close();
    }
  }

  /** Whether the file is not the one, grown, that was read before. */
  async #isAnother(file: FileHandle, size: number): Promise<boolean> {
    if (size < this.#offset) return true;
    const { length } = this.#fingerprint;
    if (length === 0) return false;
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, this.#offset - length);
    return !buffer.equals(this.#fingerprint);
  }

  #startOver(): boolean {
    if (this.#offset === 0) return false;
    this.#generation += this.#metrics.dropped + 1;
    this.#metrics = new Metrics();
    this.#offset = 0;
    this.#fingerprint = new Uint8Array();
    this.#skipping = false;
    return true;
  }

  async #readRows(file: FileHandle, size: number): Promise<boolean> {
    let position = this.#offset;
    if (position >= size) return false;
    let chunk = Buffer.allocUnsafe(Math.min(CHUNK, size - position));
    /** Bytes of a line whose end has not come yet; they stand first in the chunk. */
    let rest = 0;
    let news = false;
    while (position < size) {
      const length = Math.min(chunk.length - rest, size - position);
      const { bytesRead } = await file.read(chunk, rest, length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      const bytes = chunk.subarray(0, rest + bytesRead);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      if (end > 0) {
        news = true;
        const whole = bytes.subarray(0, end);
        if (this.#offset === 0) this.#metrics.expect(Math.ceil((size / end) * linesOf(whole)));
        this.#takeLines(whole);
        this.#advance(whole);
      }
      rest = bytes.length - end;
      if (rest > LONGEST_LINE) {
        if (!this.#skipping) this.#metrics.takeUnreadable();
        this.#skipping = true;
        this.#advance(bytes.subarray(end));
        rest = 0;
      }
      if (end > 0) chunk.copyWithin(0, end, end + rest);
      if (rest === chunk.length) chunk = Buffer.concat([chunk], 2 * chunk.length);
    }
    // A last line without its end is read again, whole, when it has one.
    return news;
  }

  #takeLines(bytes: Buffer): void {
    let start = 0;
    if (this.#skipping) {
      start = bytes.indexOf(NEWLINE) + 1;
      this.#skipping = false;
    }
    const text = bytes.toString('utf8', start);
    for (let from = 0; from < text.length;) {
      const to = text.indexOf('\n', from);
      if (to > from) this.#metrics.take(text.slice(from, to));
      from = to + 1;
    }
  }

  #advance(read: Buffer): void {
    this.#offset += read.length;
    // Copied, as the chunk is large; short chunks keep what they can.
    this.#fingerprint = Uint8Array.from(read.subarray(-FINGERPRINT));
  }
}

function linesOf(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
