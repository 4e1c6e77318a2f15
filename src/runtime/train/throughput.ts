/** @file Steps per second over the last seconds, and the time that is left. */

const WINDOW_MS = 10_000;

export class Throughput {
  readonly #marks: { readonly time: number; readonly step: number }[] = [];

  /** @param time milliseconds of a clock that never goes back */
  mark(time: number, step: number): void {
    const marks = this.#marks;
    marks.push({ time, step });
    // A step that took longer than the window, or an evaluation after it, leaves at least that step in view.
    while (marks.length > 2 && marks[1]!.time <= time - WINDOW_MS && marks[1]!.step < step) marks.shift();
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
