/** @file Places in the run palette: by group, in order of creation, never reassigned while they are remembered. */
import { createHash } from 'node:crypto';

/** Group of a run: its config without the seed. */
export function groupKey(config: string, keys: Readonly<Record<string, unknown>>): string {
  const sorted = Object.keys(keys)
    .filter((key) => key !== 'steps')
    .sort()
    .map((key) => [key, keys[key]]);
  return createHash('sha256')
    .update(JSON.stringify([config, sorted]))
    .digest('hex')
    .slice(0, 12);
}

export interface Memory {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): Thenable<void>;
}

/** Remembered groups; the oldest are forgotten first. */
const remembered = 400;

/** Place of a group among the groups of its config. */
export async function paletteOf(
  memory: Memory,
  config: string,
  groups: readonly string[],
): Promise<Map<string, number>> {
  const key = `ssm.palette.${config}`;
  const known = memory.get<string[]>(key) ?? [];
  const missing = groups.filter((group) => !known.includes(group));
  const next = [...known, ...new Set(missing)].slice(-remembered);
  if (missing.length > 0) await memory.update(key, next);
  return new Map(groups.map((group) => [group, next.indexOf(group)]));
}
