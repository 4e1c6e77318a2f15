/** @file Ranking continuations: the context is read once, its state copied to every candidate. */
import type { Decoder } from './decoder';
import { logSumExp } from './sampling';

export interface Ranked {
  /** Place among the candidates as they were given. */
  readonly index: number;
  /** Sum of the logarithms of the candidate's token probabilities after the context. */
  readonly logprob: number;
  readonly tokens: number;
}

/**
 * @param context at least one token
 * @param candidates at least one token each
 * @param options.perToken ranks by the mean over tokens, so that long candidates are not put at a disadvantage
 * @returns likeliest first
 */
export async function rank(
  decoder: Decoder,
  context: readonly number[],
  candidates: readonly (readonly number[])[],
  options: { readonly perToken?: boolean } = {},
): Promise<Ranked[]> {
  if (decoder.batch !== 1) throw new RangeError('Ranking needs a decoder of one sequence.');
  if (context.length === 0) throw new RangeError('The context must have at least one token.');
  const { input } = decoder.model.data;
  const vocabulary = input.kind === 'tokens' ? input.vocab_size : 0;
  decoder.reset();
  const first = (await decoder.read(context)).slice();
  const state = decoder.states;
  const ranked: Ranked[] = [];
  for (const [index, ids] of candidates.entries()) {
    if (ids.length === 0) throw new RangeError(`Candidate ${index} has no tokens.`);
    decoder.states = state;
    let row: Float32Array = first;
    let logprob = 0;
    for (const [place, id] of ids.entries()) {
      const logits = row.subarray(0, vocabulary);
      logprob += (logits[id] ?? Number.NaN) - logSumExp(logits);
      if (place + 1 < ids.length) row = await decoder.step(id);
    }
    ranked.push({ index, logprob, tokens: ids.length });
  }
  const score = ({ logprob, tokens }: Ranked): number => (options.perToken ? logprob / tokens : logprob);
  return ranked.sort((a, b) => score(b) - score(a) || a.index - b.index);
}
