/**
 * @file Probes of training: every so many steps a look at one held-out example, kept in `probes/` of the run folder for
 * the replay. Unless `train.probe_every` says how often, about thirty a run, and never more than a small share of the
 * time that training itself takes.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import writeFileAtomic from 'write-file-atomic';

/** Probes of a run, when nothing is said. */
const COUNT = 30;
/** Share of the run's time that they may take then. */
const SHARE = 0.04;

export interface ProberParts {
  readonly dir: string;
  /** Steps between probes; 0 for none, undefined for a good choice. */
  readonly every: number | undefined;
  readonly steps: number;
  /** What is kept of the model as it is now. */
  look(): Promise<object>;
  /** Gives back what looking needs. */
  release?(): Promise<void>;
  onMessage(text: string): void;
}

const PROBES = 'probes';
const frameFile = (step: number): string => `training-${String(step).padStart(8, '0')}.json`;

export class Prober {
  readonly #parts: ProberParts;
  readonly #every: number;
  readonly #start = performance.now();
  #spent = 0;
  #last = -Infinity;
  #off = false;
  #taken = 0;

  constructor(parts: ProberParts) {
    this.#parts = parts;
    this.#every = parts.every ?? Math.max(1, Math.floor(parts.steps / COUNT));
    this.#off = parts.every === 0;
  }

  /** After a step; looks when it is time. It never fails the run. */
  async after(step: number, loss: number | undefined): Promise<void> {
    const { dir, every, steps, look, onMessage } = this.#parts;
    const last = step === steps;
    if (this.#off || (step - this.#last < this.#every && !last && step !== 1)) return;
    const now = performance.now();
    // The first and the last probe are always taken: before and after is what people look for.
    const dear = this.#spent > SHARE * (now - this.#start) && every === undefined;
    if (dear && !last && this.#spent > 0) return;
    this.#last = step;
    try {
      const found = await look();
      await mkdir(join(dir, PROBES), { recursive: true });
      const text = JSON.stringify({ step, ...(loss === undefined ? {} : { loss }), ...found }, short);
      // A probe that a crash of the machine takes away is no loss.
      await writeFileAtomic(join(dir, PROBES, frameFile(step)), text, { fsync: false });
    } catch (error) {
      this.#off = true;
      onMessage(`No more probes of training: ${(error as Error).message}`);
    }
    // Making the graphs ready comes once; what counts is what the next one will cost.
    if (this.#taken++ > 0) this.#spent += performance.now() - now;
  }

  async release(): Promise<void> {
    await this.#parts.release?.();
  }
}

/** Numbers with the digits that a picture needs. */
function short(_key: string, value: unknown): unknown {
  if (value instanceof Float32Array) return Array.from(value, (entry) => Number(entry.toPrecision(5)));
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
