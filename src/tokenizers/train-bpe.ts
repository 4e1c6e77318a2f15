/**
 * @file Training byte-level BPE (Sennrich et al., 2016; byte alphabet of Radford et al., 2019) on a text. The
 * result is a tokenizer.json that Hugging Face's libraries load.
 */
import { BYTE_CHARACTERS } from './byte-level';
import { TokenizerError } from './types';

/** GPT-2's words: contractions, letters, digits, the rest, each with one leading space; white space. */
const WORDS = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

const BYTES = 256;
/** Ids of a pair as one number. */
const SHIFT = 2 ** 21;

export interface BpeOptions {
  /** Bytes, merges and special tokens together; fewer when the text has nothing more to merge. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not merged; 2 unless given. */
  readonly minFrequency?: number;
  /** Take the first ids; `<|endoftext|>` unless given. */
  readonly special?: readonly string[];
  /** Told how many merges are made. */
  onProgress?(merges: number, wanted: number): void;
}

interface Word {
  ids: number[];
  readonly count: number;
}

/** Contents of a tokenizer.json. */
export interface TrainedBpe {
  readonly file: Readonly<Record<string, unknown>>;
  readonly vocabSize: number;
}

/**
 * @param texts one after the other; a word never crosses from one to the next
 * @throws TokenizerError when the vocabulary has no room for all bytes
 */
export function trainBpe(texts: Iterable<string>, options: BpeOptions): TrainedBpe {
  const special = options.special ?? ['<|endoftext|>'];
  const offset = special.length;
  const wanted = options.vocabSize - offset - BYTES;
  if (wanted < 0) {
    throw new TokenizerError(
      `A vocabulary of ${options.vocabSize} is too small: ${BYTES} bytes and ${offset} special tokens are the least.`,
    );
  }
  if (options.vocabSize > 2 ** 20) throw new TokenizerError('A vocabulary has at most 1,048,576 tokens.');
  const words = countWords(texts, offset);
  const names = [...special, ...BYTE_CHARACTERS];
  const merges: [string, string][] = [];
  const table = new PairTable(words);
  while (merges.length < wanted) {
    const best = table.best(options.minFrequency ?? 2);
    if (best === undefined) break;
    const [left, right] = best;
    merges.push([names[left]!, names[right]!]);
    table.merge(left, right, names.length);
    names.push(names[left]! + names[right]!);
    if (merges.length % 256 === 0) options.onProgress?.(merges.length, wanted);
  }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const file = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(names.map((name, id) => [name, id])),
      merges: merges.map(([left, right]) => `${left} ${right}`),
    },
  };
  return { file, vocabSize: names.length };
}

function countWords(texts: Iterable<string>, offset: number): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of text.matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const encoder = new TextEncoder();
  return [...counts].map(([word, count]) => ({
    ids: Array.from(encoder.encode(word), (byte) => offset + byte),
    count,
  }));
}

/** How often every pair of neighbours occurs, and in which words; the most frequent first. */
class PairTable {
  readonly #counts = new Map<number, number>();
  readonly #places = new Map<number, Set<number>>();
  /** A heap of [count, pair]; entries whose count has changed since are stale and dropped when they come up. */
  readonly #heap: [count: number, pair: number][] = [];

  constructor(readonly words: readonly Word[]) {
    for (const [index, { ids, count }] of words.entries()) {
      for (let i = 1; i < ids.length; i++) this.#add(ids[i - 1]! * SHIFT + ids[i]!, count, index);
    }
    for (const [pair, count] of this.#counts) this.#push(count, pair);
  }

  /** The most frequent pair, of several the one of the smallest ids. */
  best(least: number): [number, number] | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      const [count, pair] = top;
      const now = this.#counts.get(pair) ?? 0;
      if (now === count) return count >= least ? [Math.floor(pair / SHIFT), pair % SHIFT] : undefined;
      this.#pop();
      if (now > 0) this.#push(now, pair);
    }
    return undefined;
  }

  merge(left: number, right: number, made: number): void {
    const pair = left * SHIFT + right;
    const grown = new Set<number>();
    for (const index of this.#places.get(pair) ?? []) {
      const word = this.words[index]!;
      const { ids, count } = word;
      for (let i = 1; i < ids.length; i++) this.#add(ids[i - 1]! * SHIFT + ids[i]!, -count);
      const next: number[] = [];
      for (let i = 0; i < ids.length; i++) {
        if (ids[i] === left && ids[i + 1] === right) {
          next.push(made);
          i++;
        } else next.push(ids[i]!);
      }
      word.ids = next;
      for (let i = 1; i < next.length; i++) {
        const key = next[i - 1]! * SHIFT + next[i]!;
        this.#add(key, count, index);
        if (next[i - 1] === made || next[i] === made) grown.add(key);
      }
    }
    this.#counts.delete(pair);
    this.#places.delete(pair);
    for (const key of grown) this.#push(this.#counts.get(key)!, key);
  }

  #add(pair: number, count: number, place?: number): void {
    this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + count);
    if (place === undefined) return;
    const places = this.#places.get(pair);
    if (places) places.add(place);
    else this.#places.set(pair, new Set([place]));
  }

  #before(a: readonly [number, number], b: readonly [number, number]): boolean {
    return a[0] > b[0] || (a[0] === b[0] && a[1] < b[1]);
  }

  #push(count: number, pair: number): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push([count, pair]);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && this.#before(heap[child]!, heap[first]!)) first = child;
      }
      if (first === at) return;
      [heap[at], heap[first]] = [heap[first]!, heap[at]!];
      at = first;
    }
  }
}
