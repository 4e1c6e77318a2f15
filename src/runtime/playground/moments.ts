/**
 * @file States along the branches of one prompt, so that a text can go on from any of its tokens. The states of a
 * recurrent model are small but not nothing (3 MB for a Mamba of 130M): within a number of bytes all are kept, beyond
 * it those of every second token, every fourth, …, and the tokens between are stepped through again.
 */
import type { States } from '../generate';

/** What a decoder knows behind a token. */
export interface Moment {
  readonly states: States;
  /** Logits of the next token, (rows). */
  readonly logits: Float32Array;
}

interface Place {
  readonly children: Map<number, Place>;
  moment?: Moment;
}

const bytesOf = ({ states, logits }: Moment): number =>
  Object.values(states).reduce((bytes, { byteLength }) => bytes + byteLength, logits.byteLength);

export class Moments {
  #root: Place = { children: new Map() };
  #every = 1;
  #bytes = 0;
  #count = 0;

  /** @param limit bytes; the state behind the prompt is kept whatever its size */
  constructor(readonly limit: number) {}

  get kept(): { readonly states: number; readonly bytes: number; readonly every: number } {
    return { states: this.#count, bytes: this.#bytes, every: this.#every };
  }

  clear(): void {
    this.#root = { children: new Map() };
    this.#every = 1;
    this.#bytes = 0;
    this.#count = 0;
  }

  /**
   * Keeps what is known behind a path, if its length is one of those that are kept.
   * @param path ids behind the prompt
   */
  keep(path: readonly number[], moment: Moment): void {
    if (path.length % this.#every !== 0) return;
    let place = this.#root;
    for (const id of path) {
      let child = place.children.get(id);
      if (!child) place.children.set(id, (child = { children: new Map() }));
      place = child;
    }
    if (!place.moment) {
      this.#count++;
      this.#bytes += bytesOf(moment);
    }
    place.moment = moment;
    while (this.#bytes > this.limit && this.#count > 1) this.#thin();
  }

  /** The longest beginning of a path whose state is kept. */
  nearest(path: readonly number[]): { readonly length: number; readonly moment: Moment } | undefined {
    let place: Place | undefined = this.#root;
    let found = place.moment && { length: 0, moment: place.moment };
    for (const [index, id] of path.entries()) {
      place = place.children.get(id);
      if (!place) break;
      if (place.moment) found = { length: index + 1, moment: place.moment };
    }
    return found;
  }

  /** Lets go of every second state. */
  #thin(): void {
    this.#every *= 2;
    this.#bytes = 0;
    this.#count = 0;
    // Not recursive: a branch may be thousands of tokens long.
    const open: (readonly [Place, number])[] = [[this.#root, 0]];
    for (let next = open.pop(); next; next = open.pop()) {
      const [place, depth] = next;
      if (place.moment && depth % this.#every === 0) {
        this.#count++;
        this.#bytes += bytesOf(place.moment);
      } else delete place.moment;
      for (const child of place.children.values()) open.push([child, depth + 1]);
    }
  }
}
