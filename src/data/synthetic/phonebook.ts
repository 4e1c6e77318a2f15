/** @file Phonebook: look a number up in a list of names (Jelassi et al., 2024; Waleffe et al., 2024). */
import * as z from 'zod';
import type { DataShape } from '../define';
import { defineTask } from './define';

const COLON = 10;
const NEWLINE = 11;
const QUERY = 12;
const FIRST_NAME = 13;

const options = z.strictObject({
  entries: z
    .int()
    .min(1)
    .max(2 ** 16)
    .default(8)
    .describe('Names in the book, all different.')
    .meta({ symbol: 'M' }),
  names: z
    .int()
    .min(1)
    .max(2 ** 18)
    .default(64)
    .describe('Names that there are; each is one token.'),
  digits: z.int().min(1).max(32).default(7).describe('Digits of a number.'),
  shots: z
    .int()
    .min(0)
    .max(16)
    .default(1)
    .describe('Solved examples of the question between the book and the question.'),
});

type Options = z.output<typeof options>;

/** `name : digits ↵`, with `?` before it where it answers. */
const lineOf = (digits: number): number => digits + 3;

const shape = ({ entries, names, digits, shots }: Options): DataShape => ({
  // The question is `? name : digits` without the last digit, which is only answered.
  length: entries * lineOf(digits) + shots * (1 + lineOf(digits)) + 2 + digits,
  input: { kind: 'tokens', vocab_size: FIRST_NAME + names },
  target: { kind: 'answer', positions: digits },
});

export const phonebook = defineTask({
  name: 'phonebook',
  title: 'Phonebook',
  summary: 'Look up the number of one name in a list.',
  description:
    'Tokens 0 … 9 are digits, then come `:`, the end of a line, `?` and the names. The book has a line ' +
    '`name : digits` for each of its names, in random order; then follow `shots` solved questions `? name : digits` ' +
    'and one question whose digits must be answered, one after the other. The accuracy counts digits, ' +
    '`exact_match` whole numbers.\n\n' +
    'Source: Jelassi et al., *Repeat After Me* (arXiv 2402.01032); An Empirical Study of Mamba-based Language Models ' +
    '(arXiv 2406.07887), section 3.3: pure state space models get the digits nearly right and the numbers wrong once ' +
    'the book exceeds their state, hybrids and attention keep near 100 %.',
  options,
  check: ({ entries, names }) =>
    entries <= names
      ? []
      : [
          {
            path: ['names'],
            message: `A book of ${entries} different names needs at least as many \`names\`; there are ${names}.`,
            suggestion: entries,
          },
        ],
  shape,
  generate({ entries, names, digits, shots }) {
    return {
      example(random, inputs, targets) {
        const chosen = random.choose(entries, names);
        const order = random.permutation(entries);
        const numbers = Array.from({ length: entries }, () =>
          Array.from({ length: digits }, () => random.integer(10)),
        );
        let at = 0;
        const write = (...tokens: number[]): void => {
          inputs.set(tokens, at);
          at += tokens.length;
        };
        const nameOf = (entry: number): number => FIRST_NAME + chosen[order[entry]!]!;
        for (let entry = 0; entry < entries; entry++) {
          write(nameOf(entry), COLON, ...numbers[entry]!, NEWLINE);
        }
        for (let shot = 0; shot < shots; shot++) {
          const entry = random.integer(entries);
          write(QUERY, nameOf(entry), COLON, ...numbers[entry]!, NEWLINE);
        }
        const asked = random.integer(entries);
        write(QUERY, nameOf(asked), COLON, ...numbers[asked]!.slice(0, -1));
        targets.set(numbers[asked]!);
      },
      label: (id) =>
        id < COLON
          ? String(id)
          : id < FIRST_NAME
            ? ([':', '↵', '?'][id - COLON] ?? '')
            : `n${id - FIRST_NAME}`,
    };
  },
});
