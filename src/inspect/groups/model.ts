/** @file What concerns the whole model: the logit lens, attribution of the answer, similarity of layers, head scores. */
import { sumRows, timesInput } from '../../analysis/attribution';
import { headScores } from '../../analysis/head-scores';
import { logitLens, nextToken } from '../../analysis/logit-lens';
import { linearCka, unbiasedCka } from '../../analysis/representation';
import { logSoftmax, moments, norm } from '../../analysis/statistics';
import * as g from '../../graph';
import { attributionOf, lensOf, type Program } from '../../models';
import { onlyInputs } from '../../runtime/engine/feeds';
import { openSession } from '../../runtime/ort';
import { Random } from '../../util/random';
import { mixingOf } from '../mixing';
import { array, rowsAt, tokensOf, type Analysis, type Found, type Probe, type Trace } from '../spec';
import { runTrace } from '../trace';

type Feeds = Record<string, Float32Array | Int32Array>;

async function opened(trace: Trace, program: Program) {
  const compiled = g.compile(program, { target: 'cpu' });
  const session = await openSession(compiled, { device: 'cpu', threads: trace.threads });
  const fixed = onlyInputs(compiled, Object.fromEntries(trace.parameters));
  return {
    run: async (feeds: Feeds) =>
      (await session.run({ ...fixed, ...onlyInputs(compiled, feeds) })) as Record<string, Float32Array>,
    release: () => session.release(),
  };
}

async function evaluate(trace: Trace, program: Program, feeds: Feeds) {
  const session = await opened(trace, program);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

const tokensIn = ({ model }: Trace): boolean => model.data.input.kind === 'tokens';

export const logitLensGroup: Analysis = {
  description: 'What the final norm and the head say about the residual stream behind every layer.',
  parts: [
    'lens_top1',
    'lens_kl_to_final',
    'lens_entropy',
    'lens_settle_layer',
    'lens_next_token_rank',
    'lens_loss',
    'residual_norm',
  ],
  applies: (trace) => tokensIn(trace) && trace.model.data.target.kind !== 'class',
  async compute(trace) {
    const { model, length, inputs } = trace;
    const found = await evaluate(trace, lensOf(model, 1, length), { inputs });
    const layers = model.layers.length + 1;
    const logits = Array.from({ length: layers }, (_, k) => found[`lens.${k}`]!);
    const lens = logitLens(logits, length);
    const shape = [layers, length];
    const axes = ['layer', 'time'];
    const next = Array.from(inputs.subarray(1));
    const after = nextToken(
      logits.map((all) => all.subarray(0, (length - 1) * model.rows)),
      next,
    );
    const out: Record<string, Probe> = {
      lens_top1: array(
        shape,
        axes,
        lens.top1,
        'Token with the largest lens logit; layer 0 is the embedding.',
        { unit: 'id' },
      ),
      lens_kl_to_final: array(
        shape,
        axes,
        lens.klToFinal,
        'KL(final ‖ lens); early layers live in another basis.',
        {
          unit: 'nats',
        },
      ),
      lens_entropy: array(shape, axes, lens.entropy, 'Entropy of the lens distribution.', { unit: 'nats' }),
      lens_settle_layer: array(
        [length],
        ['time'],
        lens.settleLayer,
        'First layer from which the top token stays.',
      ),
      residual_norm: array(
        shape,
        axes,
        Array.from({ length: layers }, (_, k) => {
          const x = found[`residual.${k}`]!;
          const width = x.length / length;
          return Array.from({ length }, (_t, t) => norm(x, t * width, (t + 1) * width));
        }).flat(),
        'L2 norm of the residual stream.',
      ),
    };
    if (length > 1) {
      out['lens_next_token_rank'] = array(
        [layers, length - 1],
        axes,
        after.rank,
        'Number of tokens with a larger lens logit than the one that follows.',
      );
      out['lens_loss'] = array(
        [layers],
        ['layer'],
        after.loss,
        'Mean cross-entropy on the token that follows.',
        {
          unit: 'nats',
        },
      );
    }
    return out;
  },
};

/** Points of the straight path from the embedding of nothing: cubes, as norms turn most where little is left to norm. */
const POINTS = 32;
const steps = Array.from({ length: POINTS }, (_, k) => (k + 0.5) / POINTS);

export const attributionGroup: Analysis = {
  description:
    'Which tokens the answer’s logit f depends on: gradient × input, a sensitivity, and integrated gradients, which sum to what f is above that of an embedding of zeros.',
  parts: [
    'gradient_times_input_token',
    'gradient_norm_token',
    'integrated_gradients_token',
    'integrated_gradients_gap',
  ],
  applies: () => true,
  async compute(trace, wanted) {
    const { model, length, inputs, target, position } = trace;
    const session = await opened(trace, attributionOf(model, length, length - 1 - position));
    try {
      const run = (answer: Float32Array, share: number) =>
        session.run({ inputs, answer, share: Float32Array.of(share) });
      const nobody = new Float32Array(model.rows);
      const likeliest = async (): Promise<number> =>
        (await run(nobody, 1))['last']!.reduce((best, value, id, all) => (value > all[best]! ? id : best), 0);
      // Without a target the most likely answer is explained.
      const chosen = target ?? (await likeliest());
      const answer = nobody.map((_, id) => Number(id === chosen));
      const found = await run(answer, 1);
      const [embedding, gradient] = [found['embedding']!, found['gradient']!];
      const width = embedding.length / length;
      const more = { sign: 'signed', labels: { answer: [chosen] } } as const;
      const perToken = (weights: ArrayLike<number>, x: ArrayLike<number>, text: string): Probe =>
        array([length], ['time'], timesInput(weights, x, width).perToken, text, more);
      const out: Record<string, Probe> = {
        gradient_times_input_token: perToken(
          gradient,
          embedding,
          'Σ x · ∂f/∂x over the embedding; f is the answer’s logit.',
        ),
        gradient_norm_token: array(
          [length],
          ['time'],
          sumRows(
            gradient.map((value) => value * value),
            width,
          ).map(Math.sqrt),
          '‖∂f/∂x‖ over the embedding.',
          { labels: more.labels },
        ),
      };
      if (['integrated_gradients_token', 'integrated_gradients_gap'].some((name) => wanted.has(name))) {
        const start = await run(answer, 0);
        const path = embedding.map((value, i) => value - start['embedding']![i]!);
        const mean = new Float64Array(path.length);
        const weights = steps.map((step) => step ** 2);
        const all = weights.reduce((sum, weight) => sum + weight, 0);
        for (const [k, step] of steps.entries()) {
          const slope = (await run(answer, step ** 3))['gradient']!;
          for (let i = 0; i < mean.length; i++) mean[i]! += (slope[i]! * weights[k]!) / all;
        }
        const integrated = perToken(
          mean,
          path,
          `Σ (x − x₀) · mean of ∂f/∂x at ${POINTS} points of the straight path from x₀, the embedding of zeros.`,
        );
        const total = integrated.data.reduce((sum, value) => sum + value, 0);
        out['integrated_gradients_token'] = integrated;
        out['integrated_gradients_gap'] = array(
          [],
          [],
          [total - (found['f']![0]! - start['f']![0]!)],
          'Their sum less f(x) − f(x₀): 0 for a path of infinitely many points.',
          more,
        );
      }
      return out;
    } finally {
      await session.release();
    }
  },
};

/** Most layers whose outputs are compared. */
const LAYERS = 48;

export const similarityGroup: Analysis = {
  description: 'How alike the residual streams behind the layers are.',
  parts: ['cka', 'cka_unbiased'],
  applies: (trace) => tokensOf(trace).length > 3 && trace.model.layers.length < LAYERS,
  async compute(trace) {
    const { model, length, inputs } = trace;
    const program = Object.fromEntries(
      Object.entries(lensOf(model, 1, length)).filter(([name]) => name.startsWith('residual.')),
    );
    const found = await evaluate(trace, program, { inputs });
    const count = model.layers.length + 1;
    const tokens = tokensOf(trace);
    const x = Array.from({ length: count }, (_, k) => rowsAt(found[`residual.${k}`]!, length, tokens));
    const width = x[0]!.length / tokens.length;
    const table = (score: typeof linearCka): number[] =>
      x.flatMap((a) => x.map((b) => score(a, width, b, width)));
    return {
      cka: array(
        [count, count],
        ['layer', 'layer'],
        table(linearCka),
        'Linear CKA; layer 0 is the embedding.',
      ),
      cka_unbiased: array(
        [count, count],
        ['layer', 'layer'],
        table(unbiasedCka),
        'The same, unbiased for few tokens.',
        {
          sign: 'signed',
        },
      ),
    };
  },
};

/** Length of the block that is repeated, and how often. */
const BLOCK = 25;
const REPEATS = 3;

/** A token, and a block of others again and again, none of them padding. */
function repeatedBlock({ model }: Trace): { readonly ids: readonly number[]; readonly block: number } {
  const { input } = model.data;
  const [vocabulary, padding] = input.kind === 'tokens' ? [input.vocab_size, input.padding] : [0];
  const order = [...new Random(0, 'repeated block').permutation(vocabulary)].filter((id) => id !== padding);
  const block = Math.max(2, Math.min(BLOCK, order.length - 1));
  const own = order.slice(1, 1 + block);
  return { ids: [order[0]!, ...Array.from({ length: REPEATS }, () => own).flat()], block };
}

export const headScoresGroup: Analysis = {
  description: 'Induction and other scores of every matrix of the layer, on a random block that is repeated.',
  parts: [
    'prefix_matching',
    'previous_token',
    'same_token',
    'first_token',
    'positive_fraction',
    'repeated_loss',
    'repeated_loss_gain',
  ],
  applies: (trace) =>
    tokensIn(trace) && mixingOf(trace)?.causal === true && trace.model.takes(repeatedBlock(trace).ids.length),
  async compute(trace) {
    const { model } = trace;
    const { ids, block } = repeatedBlock(trace);
    const { trace: repeated, logits } = await runTrace({
      ...trace,
      inputs: Int32Array.from(ids),
      length: ids.length,
      logits: model.data.target.kind === 'next-token',
      only: new Set(
        Object.keys(model.layers[trace.layer]!.definition.probes).filter(
          (name) => !/^(state|A_bar)/.test(name),
        ),
      ),
    });
    const mixing = mixingOf(repeated)!;
    const scores = Array.from({ length: mixing.count }, (_, index) =>
      headScores(mixing.matrix(index), ids, block),
    );
    const of = (
      key: 'prefixMatching' | 'previousToken' | 'sameToken' | 'firstToken' | 'positiveFraction',
      text: string,
    ) =>
      array(
        [mixing.count],
        [mixing.axis],
        scores.map((score) => score[key]),
        text,
      );
    const { mean } = moments(scores.map((score) => score.prefixMatching));
    return {
      prefix_matching: of(
        'prefixMatching',
        `Weight on the token after the last occurrence of the query’s token: induction (mean ${mean.toPrecision(3)}).`,
      ),
      previous_token: of('previousToken', 'Weight on the token before.'),
      same_token: of('sameToken', 'Weight on the last occurrence of the same token.'),
      first_token: of('firstToken', 'Weight on the first token.'),
      positive_fraction: of('positiveFraction', 'Share of |weight| that is positive.'),
      ...(logits ? behaviour(logits, ids, block, model.rows) : {}),
    };
  },
};

/** What the model itself makes of the repetition: the only score that compares with models of another kind. */
function behaviour(logits: Float32Array, ids: readonly number[], block: number, rows: number): Found {
  const loss = Float64Array.from({ length: ids.length - 1 }, (_, t) => {
    return -logSoftmax(logits.subarray(t * rows, (t + 1) * rows))[ids[t + 1]!]!;
  });
  // The first token of a block cannot be told from the one before it where it comes up for the first time.
  const mean = (from: number): number =>
    loss.subarray(from + 1, from + block).reduce((sum, value) => sum + value / (block - 1), 0);
  return {
    repeated_loss: array(
      [loss.length],
      ['time'],
      loss,
      'Cross-entropy of every token after the first of the repeated block.',
      { unit: 'nats' },
    ),
    repeated_loss_gain: array(
      [],
      [],
      [mean(0) - mean(block)],
      'Mean loss in the first block less that in the second, without their first tokens: above 0 where it recalls.',
      { unit: 'nats', sign: 'signed' },
    ),
  };
}
