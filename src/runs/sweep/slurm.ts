/** @file Runs of a sweep as one array job of Slurm: a script is written, handed to sbatch, and may be kept. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RUN_FILE } from '../../protocol/run';

export interface ArrayTask {
  readonly index: number;
  /** Command and arguments, without `--resume`. */
  readonly command: readonly string[];
  readonly dir: string;
}

export interface ArrayOptions {
  readonly name: string;
  /** Folder of the sweep: script and output of the tasks go there. */
  readonly dir: string;
  /** Tasks at a time. */
  readonly parallel?: number;
  readonly threads?: number;
  /** Further options of sbatch, for example `--partition=gpu`. */
  readonly extra?: readonly string[];
}

/** Seconds before the end of its time at which a task is asked to save. */
const WARNING = 60;

/** One word of a shell command, whatever it holds. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export function arrayScript(tasks: readonly ArrayTask[], options: ArrayOptions): string {
  const { name, parallel, threads, extra = [] } = options;
  const limit = parallel === undefined ? '' : `%${parallel}`;
  // A name is one word in a directive.
  const word = name.replaceAll(/[^\w.-]+/g, '-');
  const directives = [
    `--job-name=${word}`,
    `--array=${tasks.map(({ index }) => index).join(',')}${limit}`,
    '--output=slurm-%A_%a.out',
    ...(threads === undefined ? [] : [`--cpus-per-task=${threads}`]),
    // To the shell itself, which is replaced by the run: it saves and can be continued.
    `--signal=B:TERM@${WARNING}`,
    ...extra,
  ];
  const cases = tasks.map(({ index, command, dir: run }) =>
    [
      `  ${index})`,
      `    resume=()`,
      `    [ -e ${quoted(join(run, RUN_FILE))} ] && resume=(--resume)`,
      `    exec ${command.map(quoted).join(' ')} "\${resume[@]}" ;;`,
    ].join('\n'),
  );
  return [
    '#!/bin/bash',
    ...directives.map((directive) => `#SBATCH ${directive}`),
    '',
    'case "$SLURM_ARRAY_TASK_ID" in',
    ...cases,
    '  *) echo "There is no run $SLURM_ARRAY_TASK_ID in this sweep." >&2; exit 64 ;;',
    'esac',
    '',
  ].join('\n');
}

/**
 * Writes the script and submits it.
 * @returns id of the array job and path of the script
 * @throws Error when there is no sbatch, or with what it said
 */
export async function submitArray(
  tasks: readonly ArrayTask[],
  options: ArrayOptions,
): Promise<{ readonly job: string; readonly script: string }> {
  const script = join(options.dir, 'sweep.sbatch');
  await mkdir(options.dir, { recursive: true });
  await writeFile(script, arrayScript(tasks, options), { mode: 0o755 });
  try {
    const { stdout } = await promisify(execFile)('sbatch', ['--parsable', `--chdir=${options.dir}`, script]);
    return { job: stdout.trim().split(';')[0]!, script };
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') {
      throw new Error(
        `There is no sbatch on the PATH: submit ${script} on a login node of the cluster, or take --executor local.`,
        { cause: error },
      );
    }
    throw new Error(`sbatch refused ${script}: ${stderr.trim() || (error as Error).message}`, {
      cause: error,
    });
  }
}
