/** @file Whether the checkpoint that training starts from is there. */
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { diagnose, find, headWhere, valueWhere, type Diagnostic, type Reader } from '../../config';
import type { Code } from '../codes';
import type { Resolved } from '../resolve';

/** A warning, because a run that goes on from its own checkpoint needs no other. */
export function checkStart({ config, analysis, files: [file] }: Resolved, reader: Reader): Diagnostic[] {
  const from = config?.train.from;
  const disk = file === undefined ? undefined : reader.toDisk(file);
  if (from === undefined || !analysis || disk === undefined) return [];
  const folder = path.dirname(disk);
  if (existsSync(path.resolve(folder, from))) return [];
  const at = find(analysis.root, ['train', 'from']);
  const message = `There is no checkpoint or run ${from} in ${folder}. Paths start from the folder of the config.`;
  const where = at.exact ? valueWhere(at) : headWhere(at);
  return [diagnose(where, 'warning', 'file-missing' satisfies Code, message)];
}
