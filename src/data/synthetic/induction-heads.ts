/** @file Induction heads: recall the token that followed the trigger (Gu & Dao, 2023, section 4.1.2). */
import * as z from 'zod';
import type { DataShape } from '../define';
import { fillIntegers } from './draw';
import { defineTask } from './define';
import { targetOf, trainLoss, writeTargets } from './whole-sequence';

const options = z.strictObject({
  length: z
    .int()
    .min(3)
    .max(2 ** 24)
    .default(64)
    .describe('Tokens of one example, the final trigger included.')
    .meta({ symbol: 'L' }),
  vocab_size: z
    .int()
    .min(3)
    .max(2 ** 16)
    .default(16)
    .describe('Different tokens: the trigger and vocab_size − 1 ordinary ones.'),
  train_loss: trainLoss,
});

type Options = z.output<typeof options>;

const shape = ({ length, vocab_size, train_loss }: Options): DataShape => ({
  length,
  input: { kind: 'tokens', vocab_size },
  target: targetOf(train_loss),
});

export const inductionHeads = defineTask({
  name: 'induction-heads',
  title: 'Induction heads',
  summary: 'Recall the token that followed the trigger, however long ago.',
  description:
    'Ordinary tokens are ids 0 … `vocab_size − 2`, the trigger is `vocab_size − 1`. The trigger appears once at a ' +
    'random place, followed by some token v, and again as the last input; the model must answer v there. All other ' +
    'tokens are random. Training examples are fresh at every step. Chance is 1 / (`vocab_size` − 1).\n\n' +
    'Source: Mamba (arXiv 2312.00752), section 4.1.2 and Table 2: trained at length 256, evaluated up to 2²⁰ without ' +
    'retraining; Mamba stays at 100 %, attention falls to 58.6 % at 512 with absolute positions. ' +
    'Evaluate at another length with `eval RUN --set data.length=512`. H3 (arXiv 2212.14052), Table 1, has the same ' +
    'task at length 31 with 19 tokens and `train_loss: sequence`: H3 and attention 100 %, S4D 35.6 %.',
  options,
  check: () => [],
  shape,
  generate({ length, vocab_size, train_loss }) {
    const trigger = vocab_size - 1;
    return {
      example(random, inputs, targets, split) {
        fillIntegers(random, trigger, inputs, 0, length - 1);
        // The last place whose follower is not the final trigger is length - 3.
        const place = random.integer(length - 2);
        inputs[place] = trigger;
        inputs[length - 1] = trigger;
        writeTargets(train_loss, split, inputs, inputs[place + 1]!, targets);
      },
      label: (id) => (id === trigger ? '⇒' : String(id)),
    };
  },
});
