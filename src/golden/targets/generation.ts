/** @file `mamba.lm_generation` and `mamba2.lm_generation`: greedy decoding with cached states. */
import type { GoldenCase } from '../case';
import { MalformedCase } from '../errors';
import { caseIds, caseModel, caseParameters } from '../language-model';
import type { Machine, Results } from '../machine';
import { Options } from '../options';
import { runSteps } from '../steps';

export async function generation(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  const [batch, promptLength] = goldenCase.shape('input.prompt', 2) as [number, number];
  options.informative('prompt_length', 'new_tokens');
  const newTokens = goldenCase.shape('output.tokens', 2)[1]!;
  const total = promptLength + newTokens;
  const built = caseModel(goldenCase, options, promptLength, total);
  options.finish();
  const { model, vocab_size } = built;
  if (promptLength === 0) throw new MalformedCase('input.prompt is empty');
  const prompt = caseIds(goldenCase, 'input.prompt', 2, model.rows).values;

  const tokens = new Int32Array(batch * newTokens);
  const logprob = new Float64Array(batch * newTokens);
  await runSteps(machine, model.decodeStep(batch), caseParameters(goldenCase, built), total - 1, {
    feed: (t) => {
      const values = Int32Array.from({ length: batch }, (_, b) =>
        t < promptLength ? prompt[b * promptLength + t]! : tokens[b * newTokens + t - promptLength]!,
      );
      return { ids: { shape: [batch], values } };
    },
    take: (t, { logits }) => {
      const place = t - promptLength + 1;
      if (place < 0) return;
      for (let b = 0; b < batch; b++) {
        // Padding rows of the vocabulary are neither chosen nor part of the normalisation.
        const row = Array.from({ length: vocab_size }, (_, v) => logits!.values[b * model.rows + v]!);
        const best = row.reduce((winner, value, v) => (value > row[winner]! ? v : winner), 0);
        tokens[b * newTokens + place] = best;
        logprob[b * newTokens + place] = row[best]! - logSumExp(row);
      }
    },
  });
  const shape = [batch, newTokens];
  return { 'output.tokens': { shape, values: tokens }, 'output.logprob': { shape, values: logprob } };
}

function logSumExp(row: readonly number[]): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
