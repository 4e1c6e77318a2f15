/**
 * @file Texts as a tree: generates behind any token of any branch of a prompt. The state there is restored, so that the
 * prompt is read once and a branch begins at once; what comes is what would have come without restoring.
 */
import {
  checkPrompt,
  ConstraintError,
  Sequence,
  vocabularyOf,
  type Decoder,
  type GenerateOptions,
} from '../generate';
import { Moments, type Moment } from './moments';

/** Bytes of states that are kept for branching. */
const KEPT_BYTES = 256 * 2 ** 20;

export interface Step {
  readonly id: number;
  /** Natural logarithm, under the model before any cut. */
  readonly logprob: number;
  /** 1 for the likeliest. */
  readonly rank: number;
  /** Of the model's distribution, bits. */
  readonly entropy: number;
  readonly alternatives: readonly { readonly id: number; readonly logprob: number }[];
}

export interface ExploreOptions extends GenerateOptions {
  readonly alternatives: number;
}

export interface ExploreCallbacks {
  /** Told once, when the state of the path is there. */
  began?(how: {
    readonly read: number;
    readonly repeated: number;
    readonly seconds: number;
  }): void | Promise<void>;
  /** Told every token; true ends the text behind it. */
  step(step: Step): boolean;
  /** Asked between two tokens; true ends. */
  stopping?(): boolean;
}

export interface Explored {
  readonly finish: 'length' | 'end' | 'stop' | 'constraint' | 'stopped';
  readonly tokens: number;
  /** Of the decoding steps alone. */
  readonly seconds: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Explorer {
  readonly #moments: Moments;
  #prompt: readonly number[] = [];

  /**
   * @param decoder of one sequence
   * @param keptBytes bytes of states kept for branching; at least one state is kept
   */
  constructor(
    readonly decoder: Decoder,
    keptBytes = KEPT_BYTES,
  ) {
    if (decoder.batch !== 1) throw new RangeError('Exploring needs a decoder of one sequence.');
    this.#moments = new Moments(keptBytes);
  }

  get kept(): Moments['kept'] {
    return this.#moments.kept;
  }

  /**
   * Continues a branch.
   * @param prompt ids, at least one; a new prompt forgets the states of the last
   * @param path ids behind the prompt that the branch begins with
   * @param options `maxTokens` counts new tokens
   * @throws RangeError for ids outside the vocabulary, ConstraintError when the path does not fit the constraint
   */
  async generate(
    prompt: readonly number[],
    path: readonly number[],
    options: ExploreOptions,
    { began, step, stopping = () => false }: ExploreCallbacks,
  ): Promise<Explored> {
    const vocabulary = vocabularyOf(this.decoder);
    checkPrompt(prompt, vocabulary);
    if (path.length > 0) checkPrompt(path, vocabulary);
    const all = { ...options, maxTokens: path.length + options.maxTokens };
    const sequence = begin(prompt, path, vocabulary, all);
    const start = performance.now();
    const { moment, ...how } = await this.#restore(prompt, path, stopping);
    await began?.({ ...how, seconds: (performance.now() - start) / 1000 });
    let { logits } = moment;
    let seconds = 0;
    let tokens = 0;
    for (;;) {
      await turn();
      if (stopping()) return { finish: 'stopped', tokens, seconds };
      const drawn = sequence.take(logits);
      if (drawn) {
        tokens++;
        const { rank, entropy } = placeOf(logits.subarray(0, vocabulary), drawn.id);
        const { id, logprob, alternatives = [] } = drawn;
        if (step({ id, logprob, rank, entropy, alternatives })) return { finish: 'stop', tokens, seconds };
      }
      if (sequence.finish !== undefined) return { finish: sequence.finish, tokens, seconds };
      const before = performance.now();
      logits = (await this.#advance(sequence.ids)).logits;
      seconds += (performance.now() - before) / 1000;
    }
  }

  /** Consumes the last token of a path. */
  async #advance(path: readonly number[]): Promise<Moment> {
    const { decoder } = this;
    const logits = (await decoder.step(path.at(-1)!)).slice();
    const moment = { states: decoder.states, logits };
    this.#moments.keep(path, moment);
    return moment;
  }

  /** Brings the decoder behind a path, from the nearest state that is kept. */
  async #restore(
    prompt: readonly number[],
    path: readonly number[],
    stopping: () => boolean,
  ): Promise<{ readonly moment: Moment; readonly read: number; readonly repeated: number }> {
    const { decoder } = this;
    const known = prompt.length === this.#prompt.length && prompt.every((id, i) => id === this.#prompt[i]);
    let read = 0;
    if (!known || !this.#moments.nearest([])) {
      this.#moments.clear();
      this.#prompt = [];
      decoder.reset();
      const logits = (await decoder.read(prompt)).slice();
      this.#moments.keep([], { states: decoder.states, logits });
      this.#prompt = [...prompt];
      read = prompt.length;
    }
    let { length, moment } = this.#moments.nearest(path)!;
    decoder.states = moment.states;
    const first = length;
    // One by one, as they were drawn: reading them in parallel would round differently.
    for (; length < path.length && !stopping(); length++) {
      moment = await this.#advance(path.slice(0, length + 1));
      await turn();
    }
    return { moment, read, repeated: length - first };
  }
}

function begin(
  prompt: readonly number[],
  path: readonly number[],
  vocabulary: number,
  options: ExploreOptions,
): Sequence {
  try {
    return new Sequence(0, prompt, vocabulary, options, path);
  } catch (error) {
    if (!(error instanceof ConstraintError)) throw error;
    throw new ConstraintError(
      'The text that is there already does not fit the constraint. Take it away, or begin at the prompt.',
    );
  }
}

/** How a token stands among all: its rank, and the entropy of the distribution in bits. */
export function placeOf(
  logits: Float32Array,
  id: number,
): { readonly rank: number; readonly entropy: number } {
  const own = logits[id]!;
  let rank = 1;
  let top = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i]!;
    if (value > own || (value === own && i < id)) rank++;
    if (value > top) top = value;
  }
  let sum = 0;
  let weighted = 0;
  for (const value of logits) {
    const weight = Math.exp(value - top);
    sum += weight;
    if (weight > 0) weighted += weight * (value - top);
  }
  return { rank, entropy: Math.max(0, (Math.log(sum) - weighted / sum) / Math.LN2) };
}
