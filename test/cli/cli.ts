/** @file Running the command line as a child process, as a user would. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { main } from '../../src/cli/program';

const root = resolve(__dirname, '../..');
/** Arguments of node that start the command line from its sources. */
export const CLI = ['--import', 'tsx', join(root, 'src/cli/main.ts')];
/** The same, from the bundle that `npm test` has just built, for tests that start it often. */
export const QUICK_CLI = process.env['SSM_TEST_BUILT'] === '1' ? [join(root, 'dist/cli.js')] : CLI;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<Finished>;
}

export function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  program: readonly string[] = CLI,
): Started {
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')));
  const done = new Promise<Finished>((resolved) => {
    child.once('close', (code) => resolved({ code, ...output }));
  });
  return { child, done };
}

/** Runs a command line in this process: the same code without the start of another one. */
export async function run(...args: string[]): Promise<Finished> {
  const output = { stdout: '', stderr: '' };
  const restore = (['stdout', 'stderr'] as const).map((name) => {
    const write = process[name].write;
    process[name].write = ((chunk: string | Uint8Array) => {
      output[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      return true;
    }) as typeof write;
    return () => (process[name].write = write);
  });
  try {
    const code = await main(args);
    return { code, ...output };
  } finally {
    for (const undo of restore) undo();
  }
}

export type Row = Readonly<Record<string, unknown>>;

export async function rows(runDir: string): Promise<Row[]> {
  const text = await readFile(join(runDir, 'metrics.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Row);
}

/** What must be equal between two runs of one config: steps and evaluations without times and memory. */
export function numbers(all: readonly Row[]): Row[] {
  let kept: Row[] = [];
  for (const row of all) {
    if (row['event'] === 'resume')
      kept = kept.filter(({ step }) => (step as number) <= (row['from'] as number));
    else if (!('event' in row)) {
      const { seconds: _seconds, memory: _memory, memory_peak: _peak, ...rest } = row;
      kept.push(rest);
    }
  }
  return kept;
}

/** Waits until the run has written a row for `step`. */
export async function reached(runDir: string, step: number): Promise<void> {
  for (;;) {
    const all = await rows(runDir).catch(() => []);
    if (all.some((row) => (row['step'] as number) >= step)) return;
    await new Promise((resolved) => setTimeout(resolved, 10));
  }
}
