/** @file Copying: repeat what came first, after a long gap (Hochreiter & Schmidhuber, 1997; Arjovsky et al., 2016). */
import * as z from 'zod';
import type { DataShape } from '../define';
import { fillIntegers } from './draw';
import { defineTask } from './define';

const BLANK = 0;

const options = z.strictObject({
  layout: z
    .enum(['block', 'lag'])
    .default('block')
    .describe(
      'block: the tokens come first, then blanks, then markers at which they are repeated; lag: every output repeats the input of `tokens` steps before.',
    ),
  length: z
    .int()
    .min(1)
    .max(2 ** 24)
    .default(100)
    .describe('Blanks between the tokens and the markers; with lag, the length of the whole sequence.')
    .meta({ symbol: 'L' }),
  tokens: z
    .int()
    .min(1)
    .max(2 ** 16)
    .default(10)
    .describe('Data tokens to remember and repeat; with lag, the steps between input and output.')
    .meta({ symbol: 'M' }),
  vocab_size: z
    .int()
    .min(4)
    .max(2 ** 16)
    .default(10)
    .describe('Different tokens: the blank, the marker and vocab_size − 2 data tokens.')
    .meta({ symbol: 'A' }),
  reverse: z.boolean().default(false).describe('Repeat the tokens from the last to the first.'),
});

type Options = z.output<typeof options>;

const shape = ({ layout, length, tokens, vocab_size }: Options): DataShape => ({
  length: layout === 'lag' ? length : length + 2 * tokens,
  input: { kind: 'tokens', vocab_size },
  target: layout === 'lag' ? { kind: 'marked' } : { kind: 'answer', positions: tokens },
});

export const copying = defineTask({
  name: 'copying',
  title: 'Copying',
  summary: 'Repeat the first tokens after a gap of blanks; or every token some steps later.',
  description:
    'Token 0 is the blank, 1 … `vocab_size − 2` are data, `vocab_size − 1` is the marker. `tokens` data tokens, drawn ' +
    'with repetition, are followed by `length` blanks and `tokens` markers, at which the data must be answered in ' +
    'order. The places never change, so a layer that ignores content can solve it; see `selective-copying` for the ' +
    'form that it cannot. With `layout: lag` there are no blanks and markers: the answer at every position is the ' +
    'token of `tokens` steps before (the blank for the first ones).\n\n' +
    'Source: state-spaces/s4, `datasets/copying.py`; S4 is trained with length 0, 1024 tokens and vocabulary 64. ' +
    'Arjovsky, Shah & Bengio (arXiv 1511.06464).',
  options,
  check: ({ layout, length, tokens, reverse }) => {
    if (layout !== 'lag') return [];
    const late = `With \`layout: lag\` nothing but blanks is asked for: \`tokens\` (${tokens}) must be below \`length\` (${length}).`;
    return [
      ...(tokens >= length
        ? [{ path: ['tokens'], message: late, suggestion: Math.floor(length / 2) || 1 }]
        : []),
      ...(reverse
        ? [
            {
              path: ['reverse'],
              message: '`reverse` has no effect with `layout: lag`.',
              severity: 'warning' as const,
            },
          ]
        : []),
    ];
  },
  shape,
  generate({ layout, length, tokens, vocab_size, reverse }) {
    const marker = vocab_size - 1;
    return {
      example(random, inputs, targets) {
        if (layout === 'lag') {
          fillIntegers(random, vocab_size - 2, inputs, 0, length, 1);
          targets.set(inputs.subarray(0, length - tokens), tokens);
          return;
        }
        fillIntegers(random, vocab_size - 2, inputs, 0, tokens, 1);
        inputs.fill(marker, tokens + length);
        targets.set(inputs.subarray(0, tokens));
        if (reverse) targets.reverse();
      },
      label: (id) => (id === BLANK ? '·' : id === marker ? '?' : String(id)),
    };
  },
});
