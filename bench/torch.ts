/** @file Peers in PyTorch: a child process per peer that runs one repetition each time it is asked. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installation } from '../src/cli/root';
import type { Contestant } from './harness';

/** Python to use: `SSM_BENCH_PYTHON`, else the system's, which is where Debian's python3-torch lives. */
const candidates = [process.env['SSM_BENCH_PYTHON'], '/usr/bin/python3', 'python3'].filter(
  (p) => p !== undefined,
);

let python: string | null | undefined;

/** A Python that has PyTorch, or null. */
export function findPython(): string | null {
  if (python === undefined) {
    python = null;
    for (const candidate of candidates) {
      try {
        execFileSync(candidate, ['-c', 'import torch'], { stdio: 'ignore', timeout: 60_000 });
        python = candidate;
        break;
      } catch {
        // not there, or without PyTorch: try the next
      }
    }
  }
  return python;
}

/** The peers' script; a packaged extension comes without it. */
function script(): string | null {
  const place = join(installation().root, 'bench', 'peers', 'torch_peer.py');
  return existsSync(place) ? place : null;
}

class TorchPeer implements Contestant {
  readonly #answers: ((line: string) => void)[] = [];
  #errors = '';

  constructor(
    readonly name: string,
    readonly process: ChildProcessWithoutNullStreams,
  ) {
    createInterface({ input: process.stdout }).on('line', (line) => this.#answers.shift()?.(line));
    process.stderr.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
  }

  ask(request: object): Promise<Record<string, number>> {
    return new Promise((resolve, reject) => {
      const gone = (): void =>
        reject(new Error(`${this.name} ended: ${this.#errors.trim().split('\n').at(-1)}`));
      this.process.once('exit', gone);
      this.#answers.push((line) => {
        this.process.off('exit', gone);
        resolve(JSON.parse(line) as Record<string, number>);
      });
      this.process.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  async run(): Promise<number> {
    return (await this.ask({ do: 'run' }))['ms']!;
  }

  close(): Promise<void> {
    this.process.stdin.end();
    return new Promise((resolve) => {
      if (this.process.exitCode !== null) resolve();
      else this.process.once('exit', () => resolve());
    });
  }
}

/**
 * The scans that PyTorch can run here: a loop over time, an own parallel scan, and mamba.py's where
 * `SSM_BENCH_MAMBA_PY` names a checkout of it. Empty without PyTorch.
 */
export async function torchPeers(request: object, threads: number): Promise<Contestant[]> {
  const command = findPython();
  const file = script();
  if (command === null || file === null) return [];
  const checkout = process.env['SSM_BENCH_MAMBA_PY'];
  const scans = ['loop', 'parallel', ...(checkout ? ['mamba.py'] : [])];
  return Promise.all(
    scans.map(async (scan) => {
      const peer = new TorchPeer(`PyTorch eager, ${scan}`, spawn(command, [file], { stdio: 'pipe' }));
      await peer.ask({ do: 'prepare', ...request, scan, checkout, threads });
      return peer;
    }),
  );
}
