/** @file Associative recall: what value went with this key? (Fu, Dao et al., 2023, Table 1) */
import * as z from 'zod';
import type { DataShape } from '../define';
import { defineTask } from './define';
import { targetOf, trainLoss, writeTargets } from './whole-sequence';

const options = z.strictObject({
  length: z
    .int()
    .min(2)
    .max(2 ** 20)
    .default(20)
    .describe('Tokens of keys and values, two per pair; the trigger and the query follow.')
    .meta({ symbol: 'T' }),
  vocab_size: z
    .int()
    .min(4)
    .max(2 ** 16)
    .default(10)
    .describe(
      'Different tokens: half of all but two are keys, the rest values; the two are a filler and the trigger.',
    )
    .meta({ symbol: 'V' }),
  train_loss: trainLoss,
});

type Options = z.output<typeof options>;

const shape = ({ length, vocab_size, train_loss }: Options): DataShape => ({
  length: length + 2,
  input: { kind: 'tokens', vocab_size },
  target: targetOf(train_loss),
});

export const associativeRecall = defineTask({
  name: 'associative-recall',
  title: 'Associative recall',
  summary: 'Recall the value that went with a key.',
  description:
    'Token 0 is a filler that does not occur, 1 … (`vocab_size` − 2) / 2 are keys, then come the values, and ' +
    '`vocab_size − 1` is the trigger. Every example has its own map from keys to values. `length / 2` keys, drawn ' +
    'with repetition, each with its value, are followed by the trigger and one of the keys that occurred; the model ' +
    'must answer its value. Chance is the share of one value.\n\n' +
    'Source: HazyResearch/safari, `dataloaders/synthetics.py`; H3 (arXiv 2212.14052), Table 1, with length 20, ' +
    'vocabulary 10 and `train_loss: sequence`: H3 99.8 %, attention 100 %, S4D 86.0 %, gated state spaces 78.0 %.',
  options,
  check: ({ length }) =>
    length % 2 === 0
      ? []
      : [
          {
            path: ['length'],
            message: `\`length\` must be divisible by 2, a key and a value per pair; found ${length}.`,
            suggestion: length + 1,
          },
        ],
  shape,
  generate({ length, vocab_size, train_loss }) {
    const keys = Math.floor((vocab_size - 2) / 2);
    const values = vocab_size - 2 - keys;
    const trigger = vocab_size - 1;
    const map = new Int32Array(keys + 1);
    return {
      example(random, inputs, targets, split) {
        map.fill(0);
        for (let i = 0; i < length; i += 2) {
          const key = 1 + random.integer(keys);
          // A key's value is drawn when it first occurs: the same as drawing the whole map before.
          if (map[key] === 0) map[key] = 1 + keys + random.integer(values);
          inputs[i] = key;
          inputs[i + 1] = map[key]!;
        }
        inputs[length] = trigger;
        let query: number;
        do query = 1 + random.integer(keys);
        while (map[query] === 0);
        inputs[length + 1] = query;
        writeTargets(train_loss, split, inputs, map[query]!, targets);
      },
      label: (id) => (id === trigger ? '⇒' : id === 0 ? '..' : id <= keys ? `k${id}` : `v${id - keys}`),
    };
  },
});
