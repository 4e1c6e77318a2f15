/** @file A pattern as a deterministic automaton over bytes, built as far as it is walked. */
import { ConstraintError, type Pattern } from './pattern';

const MAX_NODES = 200_000;
const MAX_STATES = 50_000;
const DEAD = -1;
const UNKNOWN = -2;

interface Edge {
  readonly allowed: readonly boolean[];
  readonly to: number;
}

export class Automaton {
  /** Nodes of the non-deterministic automaton: moves without a byte, and moves by one. */
  readonly #free: number[][] = [];
  readonly #edges: Edge[][] = [];
  readonly #final: number;
  /** States of the deterministic one: sets of nodes, and where each byte leads. */
  readonly #sets: (readonly number[])[] = [];
  readonly #moves: Int32Array[] = [];
  readonly #known = new Map<string, number>();
  readonly start: number;

  /** @throws ConstraintError when the pattern is too large */
  constructor(pattern: Pattern) {
    const first = this.#node();
    this.#final = this.#build(pattern, first);
    this.start = this.#state(this.#closure([first]));
  }

  /** The state behind a byte; −1 when nothing matches any more. */
  next(state: number, byte: number): number {
    const moves = this.#moves[state]!;
    if (moves[byte] === UNKNOWN) {
      const targets = this.#sets[state]!.flatMap((node) =>
        this.#edges[node]!.filter(({ allowed }) => allowed[byte]).map(({ to }) => to),
      );
      moves[byte] = targets.length === 0 ? DEAD : this.#state(this.#closure(targets));
    }
    return moves[byte]!;
  }

  /** Whether the text may end here. */
  accepts(state: number): boolean {
    return this.#sets[state]!.includes(this.#final);
  }

  /** Whether anything may follow. */
  continues(state: number): boolean {
    return this.#sets[state]!.some((node) => this.#edges[node]!.length > 0);
  }

  #node(): number {
    if (this.#free.length >= MAX_NODES) throw new ConstraintError('The pattern or schema is too large.');
    this.#free.push([]);
    this.#edges.push([]);
    return this.#free.length - 1;
  }

  /** Adds the pattern behind a node; returns the node where it ends. */
  #build(pattern: Pattern, from: number): number {
    switch (pattern.kind) {
      case 'bytes': {
        const to = this.#node();
        this.#edges[from]!.push({ allowed: pattern.allowed, to });
        return to;
      }
      case 'sequence':
        return pattern.parts.reduce((at, part) => this.#build(part, at), from);
      case 'choice': {
        const end = this.#node();
        for (const part of pattern.parts) {
          const start = this.#node();
          this.#free[from]!.push(start);
          this.#free[this.#build(part, start)]!.push(end);
        }
        return end;
      }
      case 'repeat': {
        let at = from;
        for (let i = 0; i < pattern.least; i++) at = this.#build(pattern.part, at);
        if (pattern.most === Infinity) {
          const loop = this.#node();
          this.#free[at]!.push(loop);
          this.#free[this.#build(pattern.part, loop)]!.push(loop);
          return loop;
        }
        const end = this.#node();
        for (let i = pattern.least; i < pattern.most; i++) {
          this.#free[at]!.push(end);
          at = this.#build(pattern.part, at);
        }
        this.#free[at]!.push(end);
        return end;
      }
    }
  }

  #closure(nodes: readonly number[]): number[] {
    const found = new Set(nodes);
    const open = [...found];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const to of this.#free[node]!) {
        if (found.has(to)) continue;
        found.add(to);
        open.push(to);
      }
    }
    return [...found].sort((a, b) => a - b);
  }

  #state(nodes: readonly number[]): number {
    const key = nodes.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#sets.length >= MAX_STATES)
      throw new ConstraintError('The pattern or schema has too many states.');
    const state = this.#sets.length;
    this.#known.set(key, state);
    this.#sets.push(nodes);
    this.#moves.push(new Int32Array(256).fill(UNKNOWN));
    return state;
  }
}
