/** @file The runs of a config, as far as a code lens tells of them. Reads the run folders beside the config. */
import * as path from 'node:path';
import type { RunReader } from '../src/runs';

export interface RunSummary {
  readonly dir: string;
  readonly status: string;
  /** Smallest validation loss, nats. */
  readonly best?: number;
}

/** The runs of a config, newest first. */
export type RunsOf = (config: string) => Promise<readonly RunSummary[]>;

/** Older runs are counted, not read. */
const maxRead = 20;

/** Reads from disk; what was read stays known, and only what is new is read again. */
export function runsOnDisk(): RunsOf {
  const readers = new Map<string, RunReader>();
  return async (config) => {
    // Loaded with the first lens: the server starts without it.
    const { listRuns, RunReader } = await import('../src/runs');
    const stem = path.basename(config).replace(/(\.ssm)?\.(ya?ml|json)$/, '');
    const dirs = await listRuns(path.join(path.dirname(config), 'runs', stem));
    const newest = [...dirs].sort().reverse();
    return Promise.all(
      newest.map(async (dir, index): Promise<RunSummary> => {
        if (index >= maxRead) return { dir, status: 'unknown' };
        const reader = readers.get(dir) ?? new RunReader(dir);
        readers.set(dir, reader);
        try {
          await reader.poll();
          const losses = reader.evals.flatMap(({ eval: { split, loss } }) =>
            split === 'validation' && typeof loss === 'number' && Number.isFinite(loss) ? [loss] : [],
          );
          const best = losses.reduce((least, loss) => Math.min(least, loss), Infinity);
          return { dir, status: reader.status, ...(best < Infinity ? { best } : {}) };
        } catch {
          return { dir, status: 'damaged' };
        }
      }),
    );
  };
}
