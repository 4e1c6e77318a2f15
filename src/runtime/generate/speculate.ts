/**
 * @file Guessing ahead: the continuation of the last time the current tokens occurred is checked in one parallel
 * pass (prompt lookup; Saxena, 2023, after Leviathan et al., 2023). What is kept is what greedy decoding gives.
 */
import type { Decoder } from './decoder';

/** Tokens that must agree before something is guessed; longer agreements first. */
const NGRAMS = [4, 3, 2];
/** What followed the last earlier occurrence of the final tokens: `count` tokens, or none. */
export function lookUp(ids: readonly number[], count: number): number[] {
  for (const n of NGRAMS) {
    if (ids.length <= n) continue;
    const tail = ids.slice(-n);
    for (let at = ids.length - n - 1; at >= 0; at--) {
      if (!tail.every((id, i) => ids[at + i] === id)) continue;
      // What followed ends where the text does; from there on it is taken to repeat itself.
      const start = at + n;
      return Array.from({ length: count }, (_, i) => ids[start + (i % (ids.length - start))]!);
    }
  }
  return [];
}

/**
 * States cannot be cut back to a shorter text, so they stay behind: tokens that are certain wait in front of every
 * guess, and the states advance when a whole pass was right. All passes have one length, so that one graph serves.
 */
export class Speculation {
  /** Tokens that the states have seen. */
  #seen: number;
  /** Guessed tokens that were right. */
  accepted = 0;

  /**
   * @param seen tokens that the decoder's states have seen
   * @param length tokens per pass
   */
  constructor(
    readonly decoder: Decoder,
    seen: number,
    readonly length: number,
  ) {
    this.#seen = seen;
  }

  /**
   * One pass.
   * @param all every token so far; the states have not seen the last
   * @param take draws from the logits behind a token; undefined ends
   */
  async advance(all: readonly number[], take: (row: Float32Array) => number | undefined): Promise<void> {
    const pending = all.slice(this.#seen);
    const guess = lookUp(all, this.length - pending.length);
    if (guess.length === 0 && pending.length === 1) {
      this.#seen += 1;
      take(await this.decoder.step(pending[0]!));
      return;
    }
    // What fills a pass up is a guess too, if a poor one.
    const filled = [...pending, ...guess, ...Array.from({ length: this.length }, () => 0)].slice(
      0,
      this.length,
    );
    const { logits, states } = await this.decoder.look(filled);
    const { rows } = this.decoder.model;
    for (let position = pending.length - 1; ; position++) {
      const next = take(logits.subarray(position * rows, (position + 1) * rows));
      if (next === undefined) return;
      if (position + 1 === this.length) break;
      if (next !== filled[position + 1]) return;
      this.accepted++;
    }
    this.decoder.states = states;
    this.#seen += this.length;
  }
}
