/** @file The progress of a run in the terminal: one line that is rewritten, or plain lines every few seconds. */
import type { LiveStatus } from '../runtime/process/protocol';

/** Seconds between lines where the terminal cannot rewrite. */
const PLAIN_SECONDS = 5;

/** `1 h 02 min`, `3 min 20 s`, `12 s` */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

export function progressLine(status: LiveStatus): string {
  const { step, steps, loss, stepsPerSecond, secondsLeft, evaluation } = status;
  const parts = [`step ${step}/${steps}`];
  if (loss !== undefined) parts.push(`loss ${loss.toFixed(4)}`);
  if (evaluation !== undefined) parts.push(`validation ${evaluation.loss.toFixed(4)}`);
  if (evaluation?.accuracy !== undefined) parts.push(`accuracy ${(100 * evaluation.accuracy).toFixed(1)} %`);
  if (stepsPerSecond !== undefined) parts.push(`${stepsPerSecond.toPrecision(3)} steps/s`);
  if (secondsLeft !== undefined && step < steps) parts.push(`${formatDuration(secondsLeft)} left`);
  if (status.state === 'paused' || status.state === 'stopping') parts.push(status.state);
  return parts.join(' · ');
}

export class Progress {
  #shown = 0;
  #open = false;

  constructor(readonly stream: Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean }) {}

  show(status: LiveStatus, now = Date.now()): void {
    if (this.stream.isTTY === true) {
      this.stream.write(`\r\u001b[2K${progressLine(status)}`);
      this.#open = true;
    } else if (now - this.#shown >= 1000 * PLAIN_SECONDS) {
      this.#shown = now;
      this.stream.write(`${progressLine(status)}\n`);
    }
  }

  /** A line of its own above the progress. */
  print(text: string): void {
    if (this.#open) this.stream.write('\r\u001b[2K');
    this.#open = false;
    this.stream.write(`${text}\n`);
  }
}
