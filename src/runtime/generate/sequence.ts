/** @file One sequence that is being continued: how its tokens are drawn and where it ends. */
import { Random } from '../../util/random';
import type { Constraint } from './constraint';
import { draw, likeliest, type Drawn, type SamplingOptions } from './sampling';

export interface GenerateOptions extends SamplingOptions {
  readonly maxTokens: number;
  readonly seed: number;
  /** Ids that end a sequence; they are not part of what is generated. */
  readonly end?: readonly number[];
  /** Tells from all new ids whether a sequence has ended, for example at a stop string. */
  stopped?(ids: readonly number[]): boolean;
  /** Which tokens may come; one per sequence. */
  readonly constraint?: () => Constraint;
  /** Alternatives told with each token. */
  readonly alternatives?: number;
  /** Tokens per pass, guessed from what came before and checked at once; 0 for none. Only for one greedy sequence. */
  readonly draft?: number;
}

export interface GeneratedToken extends Drawn {
  readonly alternatives?: readonly Drawn[];
}

export type FinishReason = 'length' | 'end' | 'stop' | 'constraint';

export interface Generated {
  /** New tokens only. */
  readonly ids: number[];
  readonly logprobs: number[];
  readonly finish: FinishReason;
}

/** One sequence that is being continued. */
export class Sequence {
  readonly ids: number[];
  readonly logprobs: number[] = [];
  readonly #constraint: Constraint | undefined;
  finish: FinishReason | undefined;

  /**
   * @param before ids behind the prompt that are there already: drawing goes on as it would have behind them
   * @throws ConstraintError when they do not fit the constraint
   */
  constructor(
    readonly index: number,
    readonly prompt: readonly number[],
    readonly vocabulary: number,
    readonly options: GenerateOptions,
    before: readonly number[] = [],
  ) {
    this.ids = [...before];
    this.#constraint = options.constraint?.();
    for (const id of before) this.#constraint?.accept(id);
  }

  /** Draws the next token from its logits, or ends. */
  take(row: Float32Array): GeneratedToken | undefined {
    const { options, vocabulary, ids } = this;
    const mask = this.#constraint?.mask();
    if (mask && !mask.includes(1)) {
      this.finish = 'constraint';
      return undefined;
    }
    const names = this.index === 0 ? ['sample', ids.length] : ['sample', this.index, ids.length];
    const random = new Random(options.seed, ...names);
    const history = [...this.prompt, ...ids];
    const drawn = draw(row, vocabulary, options, random, mask, history);
    if (options.end?.includes(drawn.id)) {
      this.finish = 'end';
      return undefined;
    }
    this.#constraint?.accept(drawn.id);
    ids.push(drawn.id);
    this.logprobs.push(drawn.logprob);
    if (options.stopped?.(ids)) this.finish = 'stop';
    else if (ids.length >= options.maxTokens) this.finish = 'length';
    const { alternatives = 0 } = options;
    return alternatives > 0 ? { ...drawn, alternatives: likeliest(row, vocabulary, alternatives) } : drawn;
  }

  get result(): Generated {
    return { ids: this.ids, logprobs: this.logprobs, finish: this.finish ?? 'length' };
  }
}
