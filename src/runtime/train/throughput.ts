/** @file Steps per second over the last seconds, and the time that is left. */

const WINDOW_MS = 10_000;

export class Throughput {
  readonly #marks: { readonly time: number; readonly step: number }[] = [];

  /** @param time milliseconds of a clock that never goes back */
  mark(time: number, step: number): void {
    this.#marks.push({ time, step });
    while (this.#marks.length > 2 && this.#marks[1]!.time <= time - WINDOW_MS) this.#marks.shift();
  }

  /** Forgets the past, for example after a pause. */
  reset(): void {
    this.#marks.length = 0;
  }

  get stepsPerSecond(): number | undefined {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.time === first.time) return undefined;
    return (1000 * (last.step - first.step)) / (last.time - first.time);
  }

  secondsLeft(steps: number): number | undefined {
    const rate = this.stepsPerSecond;
    const last = this.#marks.at(-1);
    if (rate === undefined || last === undefined || rate === 0) return undefined;
    return (steps - last.step) / rate;
  }
}
