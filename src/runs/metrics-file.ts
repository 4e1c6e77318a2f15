/** @file metrics.jsonl as its writer sees it: whole lines at its end, whatever happened before. */
import { constants } from 'node:fs';
import { cannotWrite } from './errors';
import { writeAll, type SyncFileSystem } from './files';

const NEWLINE = 0x0a;
const WINDOW = 1 << 16;

export class MetricsFile {
  #torn = false;

  private constructor(
    readonly path: string,
    private readonly descriptor: number,
    private size: number,
    private readonly fs: SyncFileSystem,
  ) {}

  /**
   * Opens or makes the file. A last line that a killed process left without its end is completed if it is a whole
   * row, else removed.
   */
  static open(path: string, fs: SyncFileSystem): MetricsFile {
    let descriptor: number | undefined;
    try {
      const { O_RDWR, O_CREAT, O_APPEND } = constants;
      descriptor = fs.openSync(path, O_RDWR | O_CREAT | O_APPEND, 0o644);
      const file = new MetricsFile(path, descriptor, fs.fstatSync(descriptor).size, fs);
      file.#repair();
      return file;
    } catch (error) {
      if (descriptor !== undefined) fs.closeSync(descriptor);
      throw cannotWrite(path, error);
    }
  }

  #repair(): void {
    const tail: Buffer[] = [];
    let start = this.size;
    let newline = -1;
    while (start > 0 && newline < 0) {
      const length = Math.min(WINDOW, start);
      start -= length;
      const chunk = Buffer.alloc(length);
      this.fs.readSync(this.descriptor, chunk, 0, length, start);
      newline = chunk.lastIndexOf(NEWLINE);
      tail.unshift(newline < 0 ? chunk : chunk.subarray(newline + 1));
    }
    const torn = Buffer.concat(tail);
    if (torn.length === 0) return;
    if (isRow(torn.toString('utf8'))) this.append('\n');
    else {
      this.size -= torn.length;
      this.fs.ftruncateSync(this.descriptor, this.size);
    }
  }

  /** @param lines whole lines. @throws RunFolderError `write`; the file is then as before */
  append(lines: string): void {
    const bytes = Buffer.from(lines, 'utf8');
    try {
      if (this.#torn) this.#cut();
      writeAll(this.fs, this.descriptor, bytes);
      this.size += bytes.length;
    } catch (error) {
      this.#torn = true;
      try {
        this.#cut();
      } catch {
        // The next row cuts first; readers pass over a torn line. The error that led here says more.
      }
      throw cannotWrite(this.path, error);
    }
  }

  /** Removes what a failed write left behind the last whole line. */
  #cut(): void {
    this.fs.ftruncateSync(this.descriptor, this.size);
    this.#torn = false;
  }

  sync(): void {
    try {
      this.fs.fsyncSync(this.descriptor);
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  close(): void {
    this.fs.closeSync(this.descriptor);
  }
}

function isRow(line: string): boolean {
  try {
    const row: unknown = JSON.parse(line);
    return typeof row === 'object' && row !== null && !Array.isArray(row);
  } catch {
    return false;
  }
}
