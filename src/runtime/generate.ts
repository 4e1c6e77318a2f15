/** @file Generation token by token with the decoding step: constant memory, whatever the length. */
import { compile } from '../graph';
import type { Model } from '../models';
import { Random } from '../util/random';
import { onlyInputs } from './engine/feeds';
import { openSession } from './ort';

export interface SamplingOptions {
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** Only the k likeliest tokens; 0 for all. */
  readonly topK: number;
  /** Only the likeliest tokens that together have this probability. */
  readonly topP: number;
}

/**
 * Draws one token.
 * @param logits one row
 * @param allowed ids below this; rows beyond are padding of the vocabulary
 */
export function sample(
  logits: Float32Array,
  allowed: number,
  options: SamplingOptions,
  random: Random,
): number {
  if (options.temperature === 0) {
    let best = 0;
    for (let id = 1; id < allowed; id++) if (logits[id]! > logits[best]!) best = id;
    return best;
  }
  const order = Array.from({ length: allowed }, (_, id) => id).sort(
    (a, b) => logits[b]! - logits[a]! || a - b,
  );
  const count = options.topK > 0 ? Math.min(options.topK, allowed) : allowed;
  const top = logits[order[0]!]!;
  const weights = order.slice(0, count).map((id) => Math.exp((logits[id]! - top) / options.temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  let mass = 0;
  while (kept < count && mass < options.topP * total) mass += weights[kept++]!;
  kept = Math.max(kept, 1);
  let draw = random.uniform() * (kept === 1 ? weights[0]! : mass);
  for (let index = 0; index < kept; index++) {
    draw -= weights[index]!;
    if (draw < 0) return order[index]!;
  }
  return order[kept - 1]!;
}

/** A model opened for decoding one sequence. */
export class Decoder {
  #states: Record<string, Float32Array>;

  private constructor(
    readonly model: Model,
    readonly run: (id: number, states: Record<string, Float32Array>) => Promise<Record<string, Float32Array>>,
    readonly release: () => Promise<void>,
  ) {
    this.#states = zeroStates(model);
  }

  /** @throws ModelError when a layer cannot decode */
  static async open(
    model: Model,
    parameters: ReadonlyMap<string, Float32Array>,
    options: { readonly threads: number },
  ): Promise<Decoder> {
    const compiled = compile(model.decodeStep(1), { target: 'cpu' });
    const session = await openSession(compiled, { device: 'cpu', threads: options.threads });
    const fixed = onlyInputs(compiled, Object.fromEntries(parameters));
    return new Decoder(
      model,
      async (id, states) => {
        const feeds = { ...fixed, ...onlyInputs(compiled, states), ids: Int32Array.of(id) };
        return (await session.run(feeds)) as Record<string, Float32Array>;
      },
      () => session.release(),
    );
  }

  /** Consumes one token; returns the logits of the next. */
  async step(id: number): Promise<Float32Array> {
    const found = await this.run(id, this.#states);
    const next: Record<string, Float32Array> = {};
    for (const name of Object.keys(this.#states)) next[name] = found[`next.${name}`]!;
    this.#states = next;
    return found['logits']!;
  }
}

function zeroStates(model: Model): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(model.states(1)).map(([name, shape]) => [
      name,
      new Float32Array(shape.reduce((product, extent) => product * extent, 1)),
    ]),
  );
}

export interface Generated {
  /** New tokens only. */
  readonly ids: number[];
  readonly tokens_per_second: number;
}

/**
 * @param prompt at least one token
 * @param onToken told each new token as it is drawn
 */
export async function generate(
  decoder: Decoder,
  prompt: readonly number[],
  options: SamplingOptions & { readonly maxTokens: number; readonly seed: number },
  onToken?: (id: number) => void,
): Promise<Generated> {
  const { input } = decoder.model.data;
  const vocabulary = input.kind === 'tokens' ? Math.min(input.vocab_size, decoder.model.rows) : 0;
  const wrong = prompt.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
  if (prompt.length === 0) throw new RangeError('The prompt must have at least one token.');
  if (wrong !== undefined)
    throw new RangeError(`The prompt has the id ${wrong}; ids are 0 … ${vocabulary - 1}.`);
  let logits = new Float32Array();
  for (const id of prompt) logits = new Float32Array(await decoder.step(id));
  const ids: number[] = [];
  const began = performance.now();
  while (ids.length < options.maxTokens) {
    const id = sample(logits, vocabulary, options, new Random(options.seed, 'sample', ids.length));
    ids.push(id);
    onToken?.(id);
    if (ids.length < options.maxTokens) logits = new Float32Array(await decoder.step(id));
  }
  const seconds = (performance.now() - began) / 1000;
  return { ids, tokens_per_second: seconds > 0 ? Math.max(0, ids.length - 1) / seconds : 0 };
}
