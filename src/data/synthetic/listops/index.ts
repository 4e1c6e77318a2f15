/** @file ListOps: the value of a nested expression (Nangia & Bowman, 2018; Long Range Arena, Tay et al., 2021). */
import * as z from 'zod';
import type { DataProblem, DataShape } from '../../define';
import { defineTask } from '../define';
import { drawExpression, PADDING, tokenLabel, VOCABULARY } from './expression';

const options = z.strictObject({
  length: z
    .int()
    .min(8)
    .max(2 ** 16)
    .default(256)
    .describe('Most tokens of an expression; shorter ones are padded to it. Long Range Arena: 2000.')
    .meta({ symbol: 'L' }),
  min_length: z.int().min(4).default(16).describe('Fewest tokens of an expression. Long Range Arena: 500.'),
  max_depth: z.int().min(2).max(20).default(10).describe('Most levels of operators and their digits.'),
  max_args: z.int().min(2).max(20).default(10).describe('Most arguments of an operator; the fewest are 2.'),
});

type Options = z.output<typeof options>;

const shape = ({ length }: Options): DataShape => ({
  length,
  input: { kind: 'tokens', vocab_size: VOCABULARY, padding: PADDING },
  target: { kind: 'class', classes: 10 },
});

/** Tokens of the largest expression: every place but the deepest an operator with all its arguments. */
function longestPossible({ max_depth, max_args }: Options): number {
  let tokens = 1;
  for (let depth = 1; depth < max_depth; depth++) tokens = 2 + max_args * tokens;
  return tokens;
}

function check(given: Options): DataProblem[] {
  const { length, min_length } = given;
  if (2 * min_length > length) {
    const message = `\`min_length\` (${min_length}) must be at most half of \`length\` (${length}): few random expressions lie between.`;
    return [{ path: ['min_length'], message, suggestion: Math.floor(length / 4) }];
  }
  const most = longestPossible(given);
  // An expression near the largest possible is almost never drawn.
  if (most < 4 * min_length) {
    const message =
      `Expressions of depth ${given.max_depth} with up to ${given.max_args} arguments have at most ${most} tokens, ` +
      `so hardly one reaches \`min_length\` (${min_length}).`;
    return [{ path: ['min_length'], message, suggestion: Math.max(4, Math.floor(most / 8)) }];
  }
  return [];
}

export const listops = defineTask({
  name: 'listops',
  title: 'ListOps',
  summary: 'The value of nested MIN, MAX, MED and SM expressions; one of ten classes.',
  description:
    'Prefix expressions such as `[MAX 2 9 [MIN 4 7 ] 0 ]` over digits, with the operators MIN, MAX, MED (the median, ' +
    'rounded down) and SM (the sum modulo 10). Every place holds an expression with probability 1/4, down to ' +
    '`max_depth` levels, with 2 to `max_args` arguments; expressions whose length does not lie between `min_length` ' +
    'and `length` are drawn again. Token 0 pads on the right (pooling leaves it out, and layers that look ahead do ' +
    'not see it), 1 … 10 are the digits, then come the operators and the closing bracket.\n\n' +
    'Source: Nangia & Bowman (arXiv 1804.06028); Long Range Arena (arXiv 2011.04006) with lengths 500 to 2000: ' +
    'Transformer 36.4 %, S4 59.6 %, S4D-LegS 60.5 %. Training examples are fresh at every step, where the arena has ' +
    '96,000 fixed ones.',
  options,
  check,
  shape,
  generate({ length, min_length, max_depth, max_args }) {
    const limits = { shortest: min_length, longest: length, max_depth, max_args };
    return {
      example(random, inputs, targets) {
        const { tokens, value } = drawExpression(random, limits);
        inputs.set(tokens);
        targets[0] = value;
      },
      label: tokenLabel,
      targetLabel: String,
    };
  },
});
