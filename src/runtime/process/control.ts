/**
 * @file What the outside may ask of a running trainer. Requests are noted when they arrive and carried out
 * between two steps, where the parameters are whole.
 */

interface Job {
  run(): Promise<void>;
  refuse(reason: Error): void;
}

export class RunControl {
  #stopping = false;
  #paused = false;
  #closed: string | undefined;
  #jobs: Job[] = [];
  #wake: (() => void) | undefined;

  get stopping(): boolean {
    return this.#stopping;
  }

  get paused(): boolean {
    return this.#paused;
  }

  stop(): void {
    this.#stopping = true;
    this.#wakeUp();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wakeUp();
  }

  /** Runs `work` between the current step and the next. Rejects when the run ends before. */
  betweenSteps<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(new Error(this.#closed));
      this.#jobs.push({ run: () => work().then(resolve, reject), refuse: reject });
      this.#wakeUp();
    });
  }

  /** Refuses what was asked and not done, and whatever is asked from now on. */
  close(reason: string): void {
    this.#closed = reason;
    for (const job of this.#jobs.splice(0)) job.refuse(new Error(reason));
  }

  /**
   * Called by the trainer between steps: gives the event loop a turn, does what was asked, and waits while the
   * run is paused. `onPause` hears of a pause once when it begins and once when it ends.
   */
  async turn(onPause: (paused: boolean) => Promise<void>): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await this.#work();
    if (!this.#paused || this.#stopping) return;
    await onPause(true);
    while (this.#paused && !this.#stopping) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await this.#work();
    }
    await onPause(false);
  }

  async #work(): Promise<void> {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) await job.run();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
