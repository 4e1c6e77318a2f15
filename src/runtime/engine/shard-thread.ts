/** @file This side of a shard's thread. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ShardReply, ShardRequest, ShardSetup } from './shard-protocol';

/** The thread's program: a bundle beside ours or, from the sources, a file that needs the loader of these. */
function start(workerData: ShardSetup): Worker {
  const bundle = [__dirname, dirname(__dirname)]
    .map((folder) => join(folder, 'shard.js'))
    .find((file) => existsSync(file));
  if (bundle !== undefined) return new Worker(bundle, { workerData });
  const source = JSON.stringify(join(__dirname, 'shard-worker.ts'));
  return new Worker(`require('tsx/cjs'); require(${source})`, { eval: true, workerData });
}

export class ShardThread {
  /** Gradients of the last request, as the set-up places them. */
  readonly gradients: Uint8Array;
  readonly #worker: Worker;
  #settle: ((reply: ShardReply) => void) | undefined;
  #ended: ShardReply | undefined;

  constructor(setup: ShardSetup) {
    this.gradients = new Uint8Array(setup.gradientBlock);
    this.#worker = start(setup);
    this.#worker.on('message', (reply: ShardReply) => this.#answer(reply));
    this.#worker.on('error', (error) => this.#end(error.message));
    this.#worker.on('exit', () => this.#end('it has ended'));
  }

  #end(error: string): void {
    this.#ended ??= { error };
    this.#answer(this.#ended);
  }

  #answer(reply: ShardReply): void {
    this.#settle?.(reply);
    this.#settle = undefined;
  }

  /**
   * The mean loss of one shard, whose gradients then lie in `gradients`. One request at a time.
   * @throws what the thread could not do
   */
  async run(request: ShardRequest): Promise<number> {
    const reply =
      this.#ended ??
      (await new Promise<ShardReply>((resolve) => {
        this.#settle = resolve;
        this.#worker.postMessage(request);
      }));
    if ('error' in reply) throw new Error(`A thread that computes part of the batch failed: ${reply.error}`);
    return reply.loss;
  }

  async release(): Promise<void> {
    await this.#worker.terminate();
  }
}
