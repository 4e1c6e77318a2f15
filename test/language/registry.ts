/** @file The real mixers with small stand-ins for data sets, and a loader over files in memory. */
import * as z from 'zod';
import { defineData, type DataDefinition } from '../../src/data/define';
import { createLanguage } from '../../src/language/language';
import { resolveTextWith, type Resolved } from '../../src/language/resolve';
import { mixerExamples, mixers } from '../../src/layers';
import { memoryReader } from '../config/memory';

const common = { check: () => [], open: () => Promise.reject(new Error('not in this test')) };
const describe = (name: string) => ({
  name,
  title: name,
  summary: `${name} data.`,
  description: `About ${name}.`,
});

const recall = defineData({
  ...common,
  ...describe('recall'),
  options: z.strictObject({
    length: z.int().min(4).default(64).describe('Length of the input.'),
    vocab_size: z.int().min(3).default(16).describe('Tokens.'),
  }),
  check: (o) =>
    o.length % 2 ? [{ path: ['length'], message: 'length must be even', suggestion: o.length + 1 }] : [],
  shape: (o) => ({
    length: o.length,
    input: { kind: 'tokens', vocab_size: o.vocab_size },
    target: { kind: 'answer', positions: 1 },
  }),
});

const prose = defineData({
  ...common,
  ...describe('prose'),
  options: z.strictObject({
    files: z.array(z.string().min(1)).min(1).describe('Patterns.').meta({ path: 'files' }),
    tokenizer: z
      .union([z.literal('bytes'), z.string()])
      .default('bytes')
      .describe('How.')
      .meta({ path: 'file' }),
    context: z.int().min(2).default(256).describe('Length.'),
  }),
  shape: (o) => ({
    length: o.context,
    input: { kind: 'tokens', vocab_size: 256 },
    target: { kind: 'next-token' },
  }),
});

const digits = defineData({
  ...common,
  ...describe('digits'),
  options: z.strictObject({ tokens: z.enum(['pixels', 'rows']).default('rows').describe('Tokens.') }),
  shape: (o) => ({
    length: o.tokens === 'rows' ? 28 : 784,
    input: { kind: 'vectors', features: o.tokens === 'rows' ? 28 : 1 },
    target: { kind: 'class', classes: 10 },
  }),
});

const datasets: Record<string, DataDefinition> = { recall, prose, digits };

export const testLanguage = createLanguage({ mixers, mixerExamples, datasets });

export const resolve = (
  text: string,
  set: string[] = [],
  files: Record<string, string> = {},
): Promise<Resolved> =>
  resolveTextWith(testLanguage, text, '/c/a.ssm.yaml', { ...memoryReader(files), toDisk: (f) => f }, { set });
