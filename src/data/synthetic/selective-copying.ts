/** @file Selective copying: repeat the data tokens, skip the blanks between them. */
import * as z from 'zod';
import type { DataShape } from '../define';
import { fillIntegers, markDistinct } from './draw';
import { defineTask } from './define';

const BLANK = 0;

const options = z.strictObject({
  length: z
    .int()
    .min(1)
    .max(2 ** 24)
    .default(56)
    .describe('Blanks among the data tokens; an example has length + 2 · tokens positions.')
    .meta({ symbol: 'L' }),
  tokens: z
    .int()
    .min(1)
    .max(2 ** 16)
    .default(8)
    .describe('Data tokens to remember and repeat.')
    .meta({ symbol: 'M' }),
  vocab_size: z
    .int()
    .min(4)
    .max(2 ** 16)
    .default(10)
    .describe('Different tokens: the blank, the marker and vocab_size − 2 data tokens.')
    .meta({ symbol: 'A' }),
});

type Options = z.output<typeof options>;

const shape = ({ length, tokens, vocab_size }: Options): DataShape => ({
  length: length + 2 * tokens,
  input: { kind: 'tokens', vocab_size },
  target: { kind: 'answer', positions: tokens },
});

export const selectiveCopying = defineTask({
  name: 'selective-copying',
  title: 'Selective copying',
  summary: 'Repeat the data tokens in order, skip the blanks between them.',
  description:
    'Token 0 is the blank, 1 … `vocab_size − 2` are data, `vocab_size − 1` is the marker. The first `length + tokens` ' +
    'inputs hold the data tokens, drawn with repetition, at distinct random places and blanks elsewhere; then come ' +
    '`tokens` markers, at which the data tokens must be answered in order. The accuracy counts each answer.\n\n' +
    'Source: the variable layout of the copying task in state-spaces/s4; Mamba (arXiv 2312.00752), section 4.1.1 and ' +
    'Table 1, with length 4096, 16 data tokens and vocabulary 16: Mamba 99.8 %, S4 without a gate 18.3 %. ' +
    'The spacing is random, so a layer that ignores content cannot solve it.',
  options,
  check: () => [],
  shape,
  generate({ length, tokens, vocab_size }) {
    const marker = vocab_size - 1;
    const marks = new Uint8Array(length + tokens);
    return {
      example(random, inputs, targets) {
        fillIntegers(random, vocab_size - 2, targets, 0, tokens, 1);
        markDistinct(random, tokens, marks.length, marks);
        let next = 0;
        for (let i = 0; i < marks.length; i++) inputs[i] = marks[i] === 1 ? targets[next++]! : BLANK;
        inputs.fill(marker, marks.length);
      },
      label: (id) => (id === BLANK ? '·' : id === marker ? '?' : String(id)),
    };
  },
});
