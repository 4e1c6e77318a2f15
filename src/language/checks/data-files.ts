/** @file Whether the files that a config names are there and long enough, asked of the data set itself. */
import * as path from 'node:path';
import { diagnose, find, headWhere, valueWhere, type Diagnostic, type Reader } from '../../config';
import { DataError } from '../../data/define';
import { fileReferences } from '../files';
import type { Code } from '../codes';
import type { Language } from '../language';
import type { Resolved } from '../resolve';

/**
 * Opens data that are read from the user's own files and reports what is wrong with them. Generated and shipped
 * data are not opened: nothing can be wrong with those.
 */
export async function checkDataFiles(
  resolved: Resolved,
  language: Language,
  reader: Reader,
): Promise<Diagnostic[]> {
  const { config, analysis } = resolved;
  const [file] = resolved.files;
  const disk = file === undefined ? undefined : reader.toDisk(file);
  if (!config || !analysis || disk === undefined) return [];
  const references = fileReferences(analysis.root, language).filter(({ path: at }) => at[0] === 'data');
  if (references.length === 0 || references.some(({ text }) => text.startsWith('bundled:'))) return [];
  const { type, ...options } = config.data;
  const definition = language.registry.datasets[type];
  const baseDir = path.dirname(disk);
  try {
    await definition?.open(options, { baseDir, bundledDir: baseDir, seed: config.seed });
    return [];
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const at = find(analysis.root, ['data', ...error.path]);
    const where = at.exact ? valueWhere(at) : headWhere(at);
    const code = codeOf(String(error.path[0]));
    return [diagnose(where, 'error', code, error.message)];
  }
}

/** By the option that is wrong. */
function codeOf(option: string): Code {
  if (option === 'files' || option === 'test_files') return 'file-missing';
  return option === 'context' || option === 'horizon' ? 'data-too-short' : 'data-mismatch';
}
