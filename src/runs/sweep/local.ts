/** @file Runs of a sweep on this machine: so many processes at a time, each a run of its own. */
import { spawn, type ChildProcess } from 'node:child_process';

export interface Job {
  /** Command and arguments of the run. */
  readonly command: readonly string[];
}

export interface Finished {
  readonly code: number | null;
  /** The last lines that the process wrote to stderr. */
  readonly message: string;
}

/** Bytes of stderr that are kept. */
const KEPT = 4000;

/**
 * Starts the jobs in their order, at most `parallel` at a time. One that fails does not keep the others from
 * running. When `signal` aborts, running jobs are asked to save and stop, and no other is started.
 */
export async function runJobs<J extends Job>(
  jobs: readonly J[],
  parallel: number,
  options: {
    readonly signal: AbortSignal;
    readonly onStart?: (job: J) => void;
    readonly onEnd?: (job: J, finished: Finished) => Promise<void> | void;
  },
): Promise<void> {
  const waiting = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined && !options.signal.aborted; job = waiting.shift()) {
      options.onStart?.(job);
      await options.onEnd?.(job, await runJob(job, options.signal));
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, jobs.length) }, worker));
}

function runJob({ command: [file, ...args] }: Job, signal: AbortSignal): Promise<Finished> {
  return new Promise((resolve) => {
    // In a group of its own: an interrupt of the terminal reaches it once, from here, and it saves before it ends.
    const child: ChildProcess = spawn(file!, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    const stop = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    let message = '';
    child.stderr?.on('data', (chunk: Buffer) => (message = (message + chunk.toString('utf8')).slice(-KEPT)));
    const end = (code: number | null, text: string): void => {
      signal.removeEventListener('abort', stop);
      resolve({ code, message: text.trim() });
    };
    child.once('error', (error) => end(null, `It could not be started: ${error.message}`));
    child.once('close', (code) => end(code, message));
  });
}
