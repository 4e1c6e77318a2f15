/** @file Tasks whose answer is the last token, trained on it alone or on every next token. */
import * as z from 'zod';
import { IGNORED } from '../../util/ignored';
import type { DataShape, Split } from '../define';

/** The option that chooses; held-out examples are always scored on the answer. */
export const trainLoss = z
  .enum(['answer', 'sequence'])
  .default('answer')
  .describe(
    'What training lowers: the loss of the answer, or of every next token (as in H3). Accuracy counts the answer alone.',
  );

export type TrainLoss = z.output<typeof trainLoss>;

export const targetOf = (loss: TrainLoss): DataShape['target'] =>
  loss === 'answer' ? { kind: 'answer', positions: 1 } : { kind: 'marked' };

/** Writes the targets of inputs that are complete, for either choice. */
export function writeTargets(
  loss: TrainLoss,
  split: Split,
  inputs: Int32Array,
  answer: number,
  targets: Int32Array,
): void {
  if (loss === 'sequence') {
    if (split === 'train') targets.set(inputs.subarray(1));
    else targets.fill(IGNORED);
  }
  targets[targets.length - 1] = answer;
}
