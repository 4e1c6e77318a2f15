import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import * as fc from 'fast-check';
import type { GgufValue } from '../../src/formats/gguf';
import { openTokenizer, tokenizerOf, vocabularySize } from '../../src/tokenizers';
import { tokenizerOfGguf } from '../../src/tokenizers/gguf';

const golden = (path: string): string => resolve(__dirname, '../golden', path);

/** SentencePiece's own way: join the neighbours whose piece scores highest, the first of equals; bytes for the rest. */
function slowPieces(text: string, tokens: readonly string[], scores: readonly number[]): number[] {
  const pieces = Array.from(`▁${text.replaceAll(' ', '▁')}`);
  for (;;) {
    let best = -1;
    let score = -Infinity;
    for (let i = 0; i + 1 < pieces.length; i++) {
      const id = tokens.indexOf(pieces[i]! + pieces[i + 1]!);
      if (id >= 0 && scores[id]! > score) [best, score] = [i, scores[id]!];
    }
    if (best < 0) break;
    pieces.splice(best, 2, pieces[best]! + pieces[best + 1]!);
  }
  const byte = (value: number): number =>
    tokens.indexOf(`<0x${value.toString(16).toUpperCase().padStart(2, '0')}>`);
  return pieces.flatMap((piece) => {
    const id = tokens.indexOf(piece);
    return id >= 0 ? [id] : Array.from(new TextEncoder().encode(piece), byte);
  });
}

const BYTES = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`);
const WORDS = ['▁', 'a', 'b', 'c', 'ab', 'bc', '▁a', '▁ab', 'abc', 'aa', '▁abc', 'cab', 'aab'];
const TOKENS = ['<unk>', '<s>', '</s>', ...BYTES, ...WORDS];
const SCORES = TOKENS.map((_, id) => (id < 3 + 256 ? 0 : 3 + 256 - id));
const llama = (more: readonly (readonly [string, GgufValue])[] = []): Map<string, GgufValue> =>
  new Map<string, GgufValue>([
    ['tokenizer.ggml.model', 'llama'],
    ['tokenizer.ggml.tokens', TOKENS],
    ['tokenizer.ggml.scores', SCORES],
    ['tokenizer.ggml.token_type', TOKENS.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1))],
    ['tokenizer.ggml.bos_token_id', 1],
    ...more,
  ]);
const opened = (keys: ReadonlyMap<string, GgufValue>) =>
  tokenizerOf(JSON.stringify(tokenizerOfGguf(keys)), 'gguf');

describe("GGUF's own tokenizer", () => {
  it('of byte-level BPE is the tokenizer.json that it was made from', async () => {
    const ours = await openTokenizer(golden('gguf-mamba-tiny/model-f32.gguf'));
    const theirs = await openTokenizer(golden('hf-mamba-tiny/tokenizer.json'));
    assert.equal(ours.endOfText, theirs.endOfText);
    assert.equal(vocabularySize(golden('gguf-mamba-tiny/model-f32.gguf')), ours.vocabSize);
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from("the state 1é→\n  's!")), maxLength: 40 }),
        (text) => {
          const composed = text.normalize('NFC');
          const ids = ours.encode(composed);
          assert.deepEqual(ids, theirs.encode(composed));
          assert.equal(ours.decode(ids), composed);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('of SentencePiece joins pieces by their scores', async () => {
    const tokenizer = await opened(llama());
    assert.deepEqual(tokenizer.encode('ab'), [1, TOKENS.indexOf('▁ab')]);
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', 'é'), minLength: 1, maxLength: 24 }),
        (text) => {
          const ids = tokenizer.encode(text, { special: false });
          assert.deepEqual(ids, slowPieces(text, TOKENS, SCORES));
          assert.equal(tokenizer.decode(ids), text);
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  /** With a vocabulary that joins whatever stands side by side, from left to right: only splits hold it back. */
  const splitBy = async (pre: string, text: string): Promise<string[]> => {
    const mapped = text.replaceAll(' ', 'Ġ');
    const tokens = [...new Set(mapped)];
    const merges: string[] = [];
    for (let at = 0; at < mapped.length; at++) {
      for (let end = at + 2; end <= mapped.length; end++) {
        const piece = mapped.slice(at, end);
        tokens.push(piece);
        merges.push(`${piece.slice(0, -1)} ${piece.at(-1)!}`);
      }
    }
    const tokenizer = await opened(
      new Map<string, GgufValue>([
        ['tokenizer.ggml.model', 'gpt2'],
        ['tokenizer.ggml.pre', pre],
        ['tokenizer.ggml.tokens', tokens],
        ['tokenizer.ggml.merges', merges],
      ]),
    );
    const ids = tokenizer.encode(text);
    assert.equal(tokenizer.decode(ids), text);
    return ids.map((id) => tokens[id]!);
  };

  it('splits a text as the kind of its tokenizer does', async () => {
    const text = "it's 12345, (x)";
    assert.deepEqual(await splitBy('mpt', text), ['it', "'s", 'Ġ12345', ',', 'Ġ(', 'x', ')']);
    // Signs apart from spaces, digits by threes.
    assert.deepEqual(await splitBy('falcon', text), [
      'it',
      "'",
      's',
      'Ġ',
      '123',
      '45',
      ',',
      'Ġ',
      '(',
      'x',
      ')',
    ]);
    assert.deepEqual(await splitBy('starcoder', text), ['it', "'s", 'Ġ', ...'12345', ',', 'Ġ(', 'x', ')']);
    assert.deepEqual(await splitBy('llama-bpe', text), ['it', "'s", 'Ġ', '123', '45', ',', 'Ġ(', 'x', ')']);
    assert.deepEqual(await splitBy('qwen2', text), ['it', "'s", 'Ġ', ...'12345', ',', 'Ġ(', 'x', ')']);
  });

  it('begins a text as the file says', async () => {
    const without = await opened(llama([['tokenizer.ggml.add_bos_token', false]]));
    assert.deepEqual(without.encode('ab'), [TOKENS.indexOf('▁ab')]);
  });

  it('says what cannot be read', () => {
    const wrong = (key: string, value: GgufValue, message: RegExp): void => {
      assert.throws(() => tokenizerOfGguf(llama([[`tokenizer.ggml.${key}`, value]])), message);
    };
    wrong('model', 'rwkv', /model is "rwkv"; gpt2 and llama are read.*tokenizer\.json/);
    wrong('scores', ['x'], /scores is no list of numbers/);
    wrong('tokens', ['a', 'a'], /holds a token twice/);
    const split = new Map(
      llama([
        ['tokenizer.ggml.model', 'gpt2'],
        ['tokenizer.ggml.pre', 'grok-2'],
      ]),
    );
    assert.throws(() => tokenizerOfGguf(split), /pre is "grok-2"/);
  });
});
