/** @file Constrained decoding: which tokens may come next so that the text matches a pattern. */
import type { Tokenizer } from '../../../tokenizers';
import { Automaton } from './automaton';
import { schemaPattern } from './json-schema';
import { ConstraintError, parseRegex, type Pattern } from './pattern';

export { ConstraintError } from './pattern';

export interface Constraint {
  /** 1 for every token that may come next, 0 for the others; all 0 when the text is complete. */
  mask(): Uint8Array;
  /** @throws ConstraintError for a token that the mask excludes */
  accept(id: number): void;
}

/** Tokens by their bytes, so that what they share is walked once. */
interface TrieNode {
  readonly children: Map<number, TrieNode>;
  readonly ids: number[];
}

/** Constraints of one pattern for one tokenizer; masks are kept. */
export class ConstraintFactory {
  readonly #automaton: Automaton;
  readonly #masks = new Map<number, Uint8Array>();
  readonly #root: TrieNode = { children: new Map(), ids: [] };

  /** @param vocabulary length of the masks */
  constructor(
    pattern: Pattern,
    readonly tokenizer: Tokenizer,
    readonly vocabulary: number,
    readonly end: readonly number[],
  ) {
    this.#automaton = new Automaton(pattern);
    for (let id = 0; id < Math.min(vocabulary, tokenizer.vocabSize); id++) {
      const bytes = tokenizer.bytes(id);
      if (bytes.length === 0) continue;
      let node = this.#root;
      for (const byte of bytes) {
        let child = node.children.get(byte);
        if (!child) node.children.set(byte, (child = { children: new Map(), ids: [] }));
        node = child;
      }
      node.ids.push(id);
    }
  }

  /** A constraint at the beginning of a text. */
  start(): Constraint {
    let state = this.#automaton.start;
    return {
      mask: () => this.#mask(state),
      accept: (id) => {
        for (const byte of this.tokenizer.bytes(id)) {
          state = state < 0 ? state : this.#automaton.next(state, byte);
        }
        if (state < 0) throw new ConstraintError(`The token ${id} does not fit the pattern.`);
      },
    };
  }

  #mask(state: number): Uint8Array {
    const known = this.#masks.get(state);
    if (known) return known;
    const mask = new Uint8Array(this.vocabulary);
    const visit = (node: TrieNode, at: number): void => {
      for (const id of node.ids) mask[id] = 1;
      for (const [byte, child] of node.children) {
        const to = this.#automaton.next(at, byte);
        if (to >= 0) visit(child, to);
      }
    };
    visit(this.#root, state);
    if (this.#automaton.accepts(state)) for (const id of this.end) if (id < mask.length) mask[id] = 1;
    this.#masks.set(state, mask);
    return mask;
  }
}

/** What a text has to be: a regular expression for the whole of it, or a JSON Schema. @throws ConstraintError */
export function patternOf(source: { readonly regex: string } | { readonly schema: unknown }): Pattern {
  return 'regex' in source ? parseRegex(source.regex) : schemaPattern(source.schema);
}
