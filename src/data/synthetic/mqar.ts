/** @file Multi-query associative recall (Arora et al., 2023): many keys, each asked for again somewhere later. */
import * as z from 'zod';
import { IGNORED } from '../../util/ignored';
import type { Random } from '../../util/random';
import type { DataProblem, DataShape } from '../define';
import { fillIntegers } from './draw';
import { defineTask } from './define';

const options = z.strictObject({
  length: z
    .int()
    .min(4)
    .max(2 ** 20)
    .default(64)
    .describe('Tokens of one example.')
    .meta({ symbol: 'N' }),
  num_kv_pairs: z
    .int()
    .min(1)
    .max(2 ** 18)
    .default(4)
    .describe('Pairs of a key and a value; each key is asked for once.')
    .meta({ symbol: 'D' }),
  vocab_size: z
    .int()
    .min(4)
    .max(2 ** 18)
    .default(64)
    .describe(
      'Different tokens: keys in the first half, without 0, and values in the second. The papers take 8192.',
    )
    .meta({ symbol: 'V' }),
  power_a: z
    .number()
    .positive()
    .max(1)
    .default(0.01)
    .describe(
      'How strongly queries come soon after the pairs: slot s has weight a · s^(a − 1); 1 is uniform.',
    )
    .meta({ symbol: 'a' }),
  random_non_queries: z
    .boolean()
    .default(true)
    .describe('Fill the other positions with random tokens; if not, with zeros.'),
});

type Options = z.output<typeof options>;

const shape = ({ length, vocab_size }: Options): DataShape => ({
  length,
  input: { kind: 'tokens', vocab_size },
  target: { kind: 'marked' },
});

function check({ length, num_kv_pairs, vocab_size }: Options): DataProblem[] {
  const problems: DataProblem[] = [];
  if (length % 2 === 1) {
    const message = `\`length\` must be divisible by 2; found ${length}.`;
    problems.push({ path: ['length'], message, suggestion: length + 1 });
  }
  if (4 * num_kv_pairs > length) {
    const message =
      `${num_kv_pairs} pairs and as many queries need a length of at least ${4 * num_kv_pairs}; ` +
      `length is ${length}.`;
    problems.push({ path: ['num_kv_pairs'], message, suggestion: Math.max(1, Math.floor(length / 4)) });
  }
  if (Math.floor(vocab_size / 2) - 1 < num_kv_pairs) {
    const least = 2 * (num_kv_pairs + 1);
    const message = `${num_kv_pairs} different keys need a vocabulary of at least ${least}; vocab_size is ${vocab_size}.`;
    problems.push({ path: ['vocab_size'], message, suggestion: least });
  }
  return problems;
}

export const mqar = defineTask({
  name: 'mqar',
  title: 'Multi-query associative recall',
  summary: 'Many keys with their values; each key is asked for again later.',
  description:
    'Keys are drawn from 1 … V/2 − 1 and values from V/2 … V − 1, both without repetition within an example. The ' +
    'first 2D positions hold key, value, key, value, …; later every key stands once more at an even distance, and ' +
    'the model must output its value right there. The accuracy counts these D positions.\n\n' +
    'Source: HazyResearch/zoology, `data/multiquery_ar.py`; Zoology (arXiv 2312.04927), Figure 2: lengths 64, 128, ' +
    '256 and 512 with 4, 8, 16 and 64 pairs, vocabulary 8192, zeros elsewhere, two layers without MLP. Attention ' +
    'solves all at d_model 64; state space models need a state that grows with the pairs (Mamba-2, ' +
    'arXiv 2405.21060, Figure 8).',
  options,
  check,
  shape,
  generate({ length, num_kv_pairs: pairs, vocab_size, power_a, random_non_queries }) {
    const half = Math.floor(vocab_size / 2);
    const space = (length - 2 * pairs) / 2;
    const weights = Float64Array.from({ length: space }, (_, i) => (i + 1) ** (power_a - 1));
    return {
      example(random, inputs, targets) {
        targets.fill(IGNORED);
        if (random_non_queries) fillIntegers(random, vocab_size, inputs, 2 * pairs, length - 2 * pairs);
        const keys = distinct(random, pairs, half - 1);
        const values = distinct(random, pairs, vocab_size - half);
        const slots = weighted(random, pairs, weights);
        for (let i = 0; i < pairs; i++) {
          const [key, value] = [1 + keys[i]!, half + values[i]!];
          inputs[2 * i] = key;
          inputs[2 * i + 1] = value;
          const query = 2 * pairs + 2 * slots[i]!;
          inputs[query] = key;
          targets[query] = value;
        }
      },
      label: (id) => (id === 0 ? '·' : id < half ? `k${id}` : `v${id - half}`),
    };
  },
});

/** `count` different integers below `bound`, in random order. */
function distinct(random: Random, count: number, bound: number): number[] {
  const chosen = random.choose(count, bound);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [chosen[i], chosen[j]] = [chosen[j]!, chosen[i]!];
  }
  return chosen;
}

/**
 * `count` different indices, drawn one after the other with probabilities in proportion to the weights: those of
 * the smallest exponential waiting times (Efraimidis & Spirakis, 2006).
 */
function weighted(random: Random, count: number, weights: Float64Array): number[] {
  const waits = Array.from(weights, (weight, index) => ({
    index,
    wait: -Math.log(1 - random.uniform()) / weight,
  }));
  return waits
    .sort((a, b) => a.wait - b.wait)
    .slice(0, count)
    .map(({ index }) => index);
}
