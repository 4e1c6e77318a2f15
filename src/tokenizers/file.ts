/** @file tokenizer.json, checked before the library sees it. */
import * as z from 'zod';
import { excessOf } from '../formats/json-size';
import { TokenizerError } from './types';

/** Larger than every published tokenizer, which have up to 35 MB. */
export const MAX_FILE = 64 * 1024 * 1024;
/** Larger than every published vocabulary. */
const MAX_VOCABULARY = 2 ** 20;
/** Longest pattern; the longest in use have some hundred characters. */
const MAX_PATTERN = 4096;
const MAX_PARTS = 32;
/** Deepest nesting and most items; the largest published vocabulary has 262,144 entries and 1.6 million in its merges. */
const LIMITS = { depth: 32, items: 3_000_000 };
/** Characters of all added tokens: the library keeps an object for each. Published files have some thousand. */
const MAX_ADDED = 1_000_000;
/** How much longer the replacements of a pipeline may make a text, one after the other. */
const MAX_GROWTH = 4096;

const id = z.int().min(0).max(MAX_VOCABULARY);
const token = z.string().max(65_536);

const addedToken = z.looseObject({ id, content: token, special: z.boolean().default(false) });

const step = z.looseObject({ type: z.string() }).nullish();

/** What the checks need; the rest is the library's. */
const schema = z.looseObject({
  added_tokens: z.array(addedToken).max(65_536).default([]),
  normalizer: step,
  pre_tokenizer: step,
  post_processor: step,
  decoder: step,
  model: z.looseObject({
    type: z.string().optional(),
    vocab: z.union([z.record(z.string(), id), z.array(z.tuple([token, z.number()]))]),
    merges: z.array(z.unknown()).optional(),
  }),
});

export type TokenizerFile = z.output<typeof schema>;

/** Keys whose parts run one after the other, or are put one behind the other. */
const PARTS = new Set(['normalizers', 'pretokenizers', 'processors', 'decoders', 'single', 'pair']);

const isPair = (merge: unknown): boolean =>
  Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string');

/** Types of model that the library has. */
const MODELS = ['BPE', 'WordPiece', 'Unigram'];

/** What a pipeline may still do to a text. */
interface Budget {
  growth: number;
}

/** Every pattern in a part of the pipeline, however deep; also bounds its depth. */
function visit(part: unknown, where: string, budget: Budget, depth = 0): void {
  if (typeof part !== 'object' || part === null) return;
  if (depth > 8) throw new TokenizerError(`${where} is nested too deeply.`);
  const entries = Object.entries(part);
  if (entries.length > 65_536) throw new TokenizerError(`${where} has too many entries.`);
  for (const [key, value] of entries) {
    const here = `${where}.${key}`;
    if (key === 'Regex' && typeof value === 'string' && value.length > MAX_PATTERN) {
      throw new TokenizerError(`${where} has a pattern of ${value.length} characters.`);
    }
    if (PARTS.has(key) && Array.isArray(value) && value.length > MAX_PARTS) {
      throw new TokenizerError(`${here} has ${value.length} parts.`);
    }
    if ((key === 'content' || key === 'prepend') && typeof value === 'string') {
      budget.growth *= Math.max(1, value.length);
      if (budget.growth > MAX_GROWTH) throw new TokenizerError(`${here} would make texts endless.`);
    }
    if (key !== 'precompiled_charsmap') visit(value, here, budget, depth + 1);
  }
}

/**
 * @param text contents of tokenizer.json
 * @throws TokenizerError saying what is wrong
 */
export function parseTokenizerFile(text: string): TokenizerFile {
  const excess = excessOf(text, LIMITS);
  if (excess) throw new TokenizerError(`${excess.problem} (character ${excess.at})`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new TokenizerError(`not valid JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new TokenizerError(`${issue.path.map(String).join('.') || 'contents'}: ${issue.message}`);
  }
  const { model, added_tokens } = parsed.data;
  if (model.type !== undefined && !MODELS.includes(model.type)) {
    throw new TokenizerError(
      `the model type ${model.type.slice(0, 100)} is unknown; there are ${MODELS.join(', ')}`,
    );
  }
  for (const key of ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const) {
    visit(parsed.data[key], key, { growth: 1 });
  }
  const added = added_tokens.reduce((sum, { content }) => sum + content.length, 0);
  if (added > MAX_ADDED) throw new TokenizerError(`its added tokens have ${added} characters`);
  const odd = model.merges?.findIndex((merge) => typeof merge !== 'string' && !isPair(merge)) ?? -1;
  if (odd >= 0) throw new TokenizerError(`merge ${odd} is no pair of tokens`);
  const vocabulary = Array.isArray(model.vocab) ? model.vocab.length : Object.keys(model.vocab).length;
  if (vocabulary > MAX_VOCABULARY)
    throw new TokenizerError(`a vocabulary of ${vocabulary} tokens is too large`);
  if (vocabulary + added_tokens.length === 0) throw new TokenizerError('the vocabulary is empty');
  if (!Array.isArray(model.vocab)) {
    const seen = new Set<number>();
    for (const [name, number] of Object.entries(model.vocab)) {
      if (seen.has(number))
        throw new TokenizerError(`two tokens have the id ${number}, one is ${JSON.stringify(name)}`);
      seen.add(number);
    }
  }
  return parsed.data;
}
