/** @file A run as the Curves panel sees it: from its entry, its resolved config and its checkpoints. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { flattenConfig } from '../../figures/curves/groups';
import type { RunMeta } from '../../protocol/view-curves';
import type { RunEntry } from '../services';
import { groupKey } from './palette';

interface Resolved {
  readonly keys: RunMeta['keys'];
  readonly seed: RunMeta['seed'];
}

const resolved = new Map<string, { stamp: string; config: Resolved }>();

/** The run's resolved config as short keys; empty while it cannot be read. */
async function configOf(dir: string): Promise<Resolved> {
  const file = path.join(dir, 'config.ssm.yaml');
  const stat = await fs.stat(file).catch(() => undefined);
  if (!stat) return { keys: {}, seed: null };
  const stamp = `${stat.mtimeMs} ${stat.size}`;
  const known = resolved.get(dir);
  if (known?.stamp === stamp) return known.config;
  let config: Resolved = { keys: {}, seed: null };
  try {
    const parsed: unknown = parse(await fs.readFile(file, 'utf8'));
    const seed = (parsed as { seed?: unknown } | null)?.seed;
    config = {
      keys: flattenConfig(parsed),
      seed: typeof seed === 'number' || typeof seed === 'string' ? seed : null,
    };
  } catch {
    // A config that cannot be read leaves the run without keys; its values are shown all the same.
  }
  resolved.set(dir, { stamp, config });
  return config;
}

/** Steps of the complete checkpoints, ascending. */
async function checkpointsOf(dir: string): Promise<number[]> {
  const names = await fs.readdir(path.join(dir, 'checkpoints')).catch(() => []);
  const steps = names.map((name) => /^step-(\d+)$/.exec(name)?.[1]).filter((step) => step !== undefined);
  return steps.map(Number).sort((a, b) => a - b);
}

export const stemOf = (entry: RunEntry): string =>
  entry.config === undefined
    ? path.basename(path.dirname(entry.dir))
    : path.basename(entry.config).replace(/\.ssm\.(ya?ml|json)$/, '');

const time = (text: unknown): number | undefined => {
  const value = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(value) ? undefined : value;
};

/** Meta without its palette place, which depends on the other runs. */
export async function runMeta(
  entry: RunEntry,
  lastWrite: number | undefined,
  skipped: number,
): Promise<Omit<RunMeta, 'palette'>> {
  const [{ keys, seed }, checkpoints] = await Promise.all([configOf(entry.dir), checkpointsOf(entry.dir)]);
  const { info } = entry;
  const config = stemOf(entry);
  const started = time(info.started);
  const ended = time(info.ended);
  return {
    id: entry.dir,
    name: entry.name,
    ...(entry.notes.name === undefined ? {} : { label: entry.notes.name }),
    ...(entry.notes.tags.length === 0 ? {} : { tags: entry.notes.tags }),
    config,
    group: groupKey(config, keys),
    status: entry.status,
    seed,
    keys,
    checkpoints,
    parameters: info.parameters,
    device: info.device,
    ...(entry.steps === undefined ? {} : { steps: entry.steps }),
    ...(entry.status === 'running' && entry.step === 0 ? { phase: 'compiling' } : {}),
    ...(started === undefined ? {} : { started }),
    ...(ended === undefined ? {} : { ended }),
    ...(lastWrite === undefined ? {} : { lastWrite }),
    ...(entry.error === undefined ? {} : { error: entry.error }),
    ...(skipped > 0 ? { skippedLines: skipped } : {}),
  };
}
