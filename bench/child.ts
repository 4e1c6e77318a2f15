/** @file Contestants in processes of their own, asked by one JSON object per line; PyTorch's and, for memory, ours. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Contestant, Sample } from './harness';

export class Child implements Contestant {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: ((line: string) => void)[] = [];
  #errors = '';

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ) {
    this.#process = spawn(command, args, { stdio: 'pipe', env: { ...process.env, ...variables } });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#answers.shift()?.(line));
    this.#process.stderr.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
  }

  /** @throws when the process ends before it answers */
  ask(request: object): Promise<Record<string, number>> {
    return new Promise((resolve, reject) => {
      const gone = (): void =>
        reject(new Error(`${this.name} ended: ${this.#errors.trim().split('\n').at(-1)}`));
      this.#process.once('exit', gone);
      this.#answers.push((line) => {
        this.#process.off('exit', gone);
        resolve(JSON.parse(line) as Record<string, number>);
      });
      this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  async run(): Promise<Sample> {
    const { ms, cpu_ms } = await this.ask({ do: 'run' });
    return { ms: ms!, ...(cpu_ms !== undefined && { cpu_ms }) };
  }

  close(): Promise<void> {
    this.#process.stdin.end();
    return new Promise((resolve) => {
      if (this.#process.exitCode !== null) resolve();
      else this.#process.once('exit', () => resolve());
    });
  }
}

/** Measures a process's peak resident memory in MB instead of its time; each turn runs once more. */
export const memoryOf = (child: Child): Contestant => ({
  name: child.name,
  async run() {
    await child.run();
    return { ms: (await child.ask({ do: 'memory' }))['peak_mb']! };
  },
  close: () => child.close(),
});

/** This program again, as the child of the benchmark `name`. */
export function ownChild(name: string): Child {
  const program = process.argv[1];
  if (program === undefined) throw new Error('The program to start is not known.');
  return new Child('ours', process.execPath, [...process.execArgv, program, 'bench', '--child', name]);
}

/** What `ownChild` runs: answers until its input ends. */
export async function serve(contestant: Contestant): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as { readonly do: string };
    const answer =
      request.do === 'run' ? await contestant.run() : { peak_mb: process.resourceUsage().maxRSS / 1024 };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  await contestant.close();
}
