/** @file Continuing prompts token by token: constant memory, whatever the length. */
import { stackStates, type Decoder, type States } from './decoder';
import { Sequence, type Generated, type GenerateOptions, type GeneratedToken } from './sequence';
import { Speculation } from './speculate';

export interface GeneratedBatch {
  readonly sequences: readonly Generated[];
  /** New tokens per second of all sequences together, prompts not counted. */
  readonly tokens_per_second: number;
  readonly prompt_seconds: number;
  /** Guessed tokens that were right, where tokens were guessed. */
  readonly accepted?: number;
}

/** @throws RangeError for an empty prompt or ids outside the vocabulary */
export function checkPrompt(prompt: readonly number[], vocabulary: number): void {
  if (prompt.length === 0) throw new RangeError('The prompt must have at least one token.');
  const wrong = prompt.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
  if (wrong !== undefined)
    throw new RangeError(`The prompt has the id ${wrong}; ids are 0 … ${vocabulary - 1}.`);
}

/** Ids that mean something: the head may have padding rows. */
export function vocabularyOf({ model }: Decoder): number {
  const { input } = model.data;
  return input.kind === 'tokens' ? Math.min(input.vocab_size, model.rows) : 0;
}

/**
 * Continues prompts side by side, as many as the decoder's batch.
 * @param single a decoder of batch 1 that reads the prompts, when there are several
 * @param onToken told each new token as it is drawn
 */
export async function generate(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
  onToken?: (token: GeneratedToken, sequence: number) => void,
  single: Decoder = decoder,
): Promise<GeneratedBatch> {
  const vocabulary = vocabularyOf(decoder);
  for (const prompt of prompts) checkPrompt(prompt, vocabulary);
  if (prompts.length !== decoder.batch)
    throw new RangeError(`${prompts.length} prompts for a batch of ${decoder.batch}.`);
  const began = performance.now();
  const first: Float32Array[] = [];
  const states: States[] = [];
  for (const prompt of prompts) {
    single.reset();
    first.push((await single.read(prompt)).slice());
    states.push(single.states);
  }
  decoder.states = prompts.length === 1 ? states[0]! : stackStates(states);
  const prompt_seconds = (performance.now() - began) / 1000;
  const started = performance.now();
  const sequences = prompts.map((prompt, index) => new Sequence(index, prompt, vocabulary, options));
  const take = (sequence: Sequence, row: Float32Array): void => {
    const token = sequence.take(row);
    if (token) onToken?.(token, sequence.index);
  };
  sequences.forEach((sequence, index) => take(sequence, first[index]!));
  const { draft = 0 } = options;
  const guessing = draft > 0 && speculationProblem(decoder, options) === undefined;
  const speculation = guessing ? new Speculation(decoder, prompts[0]!.length, Math.max(2, draft)) : undefined;
  const rows = decoder.model.rows;
  while (sequences.some(({ finish }) => finish === undefined)) {
    if (speculation) {
      const [sequence] = sequences as [Sequence];
      await speculation.advance([...sequence.prompt, ...sequence.ids], (row) => {
        take(sequence, row);
        return sequence.finish === undefined ? sequence.ids.at(-1) : undefined;
      });
      continue;
    }
    const logits = await decoder.step(...sequences.map(({ ids, prompt }) => ids.at(-1) ?? prompt.at(-1)!));
    for (const sequence of sequences) {
      if (sequence.finish !== undefined) continue;
      take(sequence, logits.subarray(sequence.index * rows, (sequence.index + 1) * rows));
    }
  }
  const seconds = (performance.now() - started) / 1000;
  const stepped = sequences.reduce((total, { ids }) => total + Math.max(0, ids.length - 1), 0);
  return {
    sequences: sequences.map(({ result }) => result),
    tokens_per_second: seconds > 0 ? stepped / seconds : 0,
    prompt_seconds,
    ...(speculation ? { accepted: speculation.accepted } : {}),
  };
}

/** Why tokens cannot be guessed ahead; undefined when they can. */
export function speculationProblem(decoder: Decoder, options: GenerateOptions): string | undefined {
  if (decoder.batch !== 1) return 'Only one sequence at a time can be drafted.';
  if (decoder.bits !== undefined)
    return 'Drafts are checked with weights in 32 bits; in few bits every length of a draft would need a copy of them.';
  if (options.temperature !== 0)
    return 'Only greedy decoding (temperature 0) can be drafted with the same result.';
  return decoder.model.prefillProblem;
}
