/** @file Files that a config names, checked from the editor: data once per wording of the data section, without holding anything up. */
import type { Diagnostic, Reader } from '../src/config';
import { checkDataFiles, checkStart, type Language, type Resolved } from '../src/language';

/** Large files are read on; until then nothing is said about them. */
const patience = 250;
const maxKept = 50;

export class DataCheck {
  private readonly known = new Map<string, Promise<readonly Diagnostic[]>>();

  /** Files may have changed. */
  forget(): void {
    this.known.clear();
  }

  async of(resolved: Resolved, language: Language, reader: Reader): Promise<readonly Diagnostic[]> {
    const [file] = resolved.files;
    if (!resolved.config || file === undefined) return [];
    // Ranges are part of the answer, so another layout of the same data is another question.
    const where = resolved.analysis?.root;
    const entry = where?.kind === 'map' ? where.entries.get('data') : undefined;
    const key = JSON.stringify([
      file,
      entry?.keyWhere.start,
      entry?.node.where.source.text.slice(entry.node.where.start, entry.node.where.end),
      resolved.config.data,
    ]);
    let answer = this.known.get(key);
    if (!answer) {
      if (this.known.size >= maxKept) this.known.clear();
      answer = checkDataFiles(resolved, language, reader).catch(() => []);
      this.known.set(key, answer);
    }
    let timer: NodeJS.Timeout | undefined;
    const tired = new Promise<readonly Diagnostic[]>((resolve) => {
      timer = setTimeout(() => resolve([]), patience);
    });
    const found = await Promise.race([answer, tired]);
    clearTimeout(timer);
    return [...found, ...checkStart(resolved, reader)];
  }
}
