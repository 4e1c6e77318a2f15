/** @file Learning rate over the steps. */
import type { scheduleSchema } from '../../models/config';
import type * as z from 'zod';

export type Schedule = z.output<typeof scheduleSchema>;

/**
 * Learning rate of the update number `step` (from 0) of `steps`: lr·(s+1)/W during the W warm-up steps, then
 * constant, a straight line or half a cosine that reaches `min_lr` where the run ends.
 * @param lr the peak: the run's, or that of a group of parameters
 */
export function learningRate(schedule: Schedule, lr: number, step: number, steps: number): number {
  const { name, warmup, min_lr } = schedule;
  if (step < warmup) return (lr * (step + 1)) / warmup;
  if (name === 'constant') return lr;
  const span = steps - warmup;
  const progress = span > 0 ? Math.min(1, (step - warmup) / span) : 1;
  const share = name === 'cosine' ? (1 + Math.cos(Math.PI * progress)) / 2 : 1 - progress;
  // A group whose own rate is below the end of the run's stays where it is.
  const end = Math.min(min_lr, lr);
  return end + (lr - end) * share;
}
