/**
 * @file The tokenizer in a GGUF file's keys as a tokenizer.json (ggml-org/llama.cpp: gguf-py/gguf/constants.py for
 * the keys, src/llama-vocab.cpp for what they mean): byte-level BPE (`gpt2`) and SentencePiece's BPE (`llama`).
 */
import type { GgufValue } from '../formats/gguf';
import { TokenizerError } from './types';

type Keys = ReadonlyMap<string, GgufValue>;

const KEY = 'tokenizer.ggml.';

/** How GPT-2 splits a text; what is left, such as the last of several spaces, becomes a piece of its own. */
const GPT2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)`;
const LLAMA3 = String.raw`(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/**
 * How a text is split before pieces are joined, one expression after the other, by `tokenizer.ggml.pre`. Those of
 * Mamba are `mpt`, `olmo` or `gpt-2`, of Falcon-Mamba `falcon`; files without the key are older than it and split as
 * GPT-2 does.
 */
const SPLITS: ReadonlyMap<string, readonly string[]> = new Map(
  (
    [
      [['gpt-2', 'gpt2', 'mpt', 'olmo', 'jais', 'phi-2', 'default'], [GPT2]],
      [['falcon'], [String.raw`[\p{P}$+<=>^~|${'`'}]+`, GPT2, '[0-9][0-9][0-9]']],
      [
        ['starcoder', 'refact', 'command-r', 'smollm', 'codeshell'],
        [String.raw`\p{N}`, GPT2],
      ],
      [['llama3', 'llama-v3', 'llama-bpe', 'falcon3', 'falcon-h1'], [LLAMA3]],
      [['qwen2', 'stablelm2'], [LLAMA3.replace('{1,3}', '')]],
    ] as const
  ).flatMap(([names, splits]) => names.map((name) => [name, splits] as const)),
);
/** Of those, a word that is a token as a whole is not put together from pieces. */
const WHOLE_WORDS = new Set(['llama3', 'llama-v3', 'llama-bpe', 'falcon3', 'falcon-h1']);

/** `tokenizer.ggml.token_type`. */
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;

/** Whether a file brings a tokenizer along of a kind that is read. */
export const hasTokenizer = (keys: Keys): boolean => {
  const [model, pre] = [keys.get(`${KEY}model`), keys.get(`${KEY}pre`) ?? 'default'];
  return model === 'llama' || (model === 'gpt2' && SPLITS.has(String(pre)));
};

/**
 * @param keys of a GGUF file
 * @returns what a tokenizer.json of the same tokens holds; ids that stand for nothing are left out
 * @throws TokenizerError naming the key that is missing or not supported
 */
export function tokenizerOfGguf(keys: Keys): Record<string, unknown> {
  const model = keys.get(`${KEY}model`);
  if (model !== 'gpt2' && model !== 'llama') {
    throw new TokenizerError(
      `${KEY}model is ${shown(model)}; gpt2 and llama are read. Put its tokenizer.json beside the file`,
    );
  }
  const tokens = list(keys, 'tokens', 'string');
  const types = keys.has(`${KEY}token_type`) ? list(keys, 'token_type', 'number') : [];
  const kept = tokens.flatMap((content, id) => (types[id] === UNUSED ? [] : [{ content, id }]));
  const vocab = new Map(kept.map(({ content, id }) => [content, id]));
  if (vocab.size !== kept.length) throw new TokenizerError(`${KEY}tokens holds a token twice`);
  const added = kept
    .filter(({ id }) => [UNKNOWN, CONTROL, USER_DEFINED].includes(types[id] ?? 0))
    .map(({ content, id }) => ({
      ...{ id, content, special: types[id] !== USER_DEFINED },
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
    }));
  const parts = model === 'gpt2' ? byteLevel(keys, vocab) : sentencePiece(keys, vocab, tokens);
  return { version: '1.0', added_tokens: added, post_processor: beginning(keys, model, tokens), ...parts };
}

function byteLevel(keys: Keys, vocab: ReadonlyMap<string, number>): Record<string, unknown> {
  const pre = keys.get(`${KEY}pre`) ?? 'default';
  const splits = typeof pre === 'string' ? SPLITS.get(pre) : undefined;
  if (!splits) {
    throw new TokenizerError(
      `${KEY}pre is ${shown(pre)}, whose splitting of a text is not known here. Put its tokenizer.json beside the file`,
    );
  }
  const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const pretokenizers = splits.map((Regex) => ({
    type: 'Split',
    pattern: { Regex },
    behavior: 'Isolated',
    invert: false,
  }));
  return {
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...pretokenizers, level] },
    decoder: level,
    model: {
      type: 'BPE',
      ignore_merges: WHOLE_WORDS.has(String(pre)),
      vocab: Object.fromEntries(vocab),
      merges: list(keys, 'merges', 'string'),
    },
  };
}

function sentencePiece(
  keys: Keys,
  vocab: ReadonlyMap<string, number>,
  tokens: readonly string[],
): Record<string, unknown> {
  const scores = list(keys, 'scores', 'number');
  const unknown = keys.get(`${KEY}unknown_token_id`) ?? 0;
  const prefix = keys.get(`${KEY}add_space_prefix`) !== false;
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: [...(prefix ? [{ type: 'Prepend', prepend: '▁' }] : []), spaces],
    },
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      unk_token: tokens[Number(unknown)] ?? null,
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(vocab),
      merges: mergesByScore(vocab, scores),
    },
  };
}

/**
 * SentencePiece joins the two neighbours whose piece has the highest score; as a list of merges, every way to cut
 * a piece in two, best pieces first.
 */
function mergesByScore(vocab: ReadonlyMap<string, number>, scores: readonly number[]): [string, string][] {
  const merges: { pair: [string, string]; score: number }[] = [];
  let cuts = 0;
  for (const [piece, id] of vocab) {
    if (piece.length > MAX_PIECE) continue;
    cuts += piece.length;
    if (cuts > MAX_CUTS)
      throw new TokenizerError(`the pieces of ${KEY}tokens are longer than any language's`);
    // Half of a character is no piece, so that every place will do.
    for (let cut = 1; cut < piece.length; cut++) {
      const first = piece.slice(0, cut);
      if (!vocab.has(first)) continue;
      const second = piece.slice(cut);
      if (vocab.has(second)) merges.push({ pair: [first, second], score: scores[id] ?? 0 });
    }
  }
  return merges.sort((a, b) => b.score - a.score).map(({ pair }) => pair);
}

/** Characters; the longest published pieces have 16, runs of signs 64. */
const MAX_PIECE = 256;
/** Characters of all pieces together: the largest published vocabularies have 256,000 of about 8. */
const MAX_CUTS = 8_000_000;

/** What puts the beginning of a text before it, where the file says so. SentencePiece does unless told otherwise. */
function beginning(keys: Keys, model: string, tokens: readonly string[]): unknown {
  const asked = keys.get(`${KEY}add_bos_token`) ?? model === 'llama';
  const id = keys.get(`${KEY}bos_token_id`);
  const token = typeof id === 'number' ? tokens[id] : undefined;
  if (asked !== true || token === undefined) return null;
  const special = { SpecialToken: { id: token, type_id: 0 } };
  const sequence = (name: string, type_id: number) => ({ Sequence: { id: name, type_id } });
  return {
    type: 'TemplateProcessing',
    single: [special, sequence('A', 0)],
    pair: [special, sequence('A', 0), special, sequence('B', 1)],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}

const shown = (value: GgufValue | undefined): string => {
  if (value === undefined) return 'missing';
  return typeof value === 'string' ? JSON.stringify(value).slice(0, 100) : 'no text';
};

/** @throws TokenizerError when it is no list of this type */
function list(keys: Keys, name: string, type: 'string'): string[];
function list(keys: Keys, name: string, type: 'number'): number[];
function list(keys: Keys, name: string, type: string): unknown[] {
  const value = keys.get(KEY + name);
  if (!Array.isArray(value) || value.some((each) => typeof each !== type)) {
    throw new TokenizerError(`${KEY}${name} is no list of ${type}s`);
  }
  return value;
}
