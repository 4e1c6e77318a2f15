/** @file Analyses of given tensors: filters, Gramians, HiPPO bases, head scores, representations. */
import {
  discretise,
  gramians,
  h2Norm,
  hankelSingularValues,
  statesForShare,
  truncationBound,
  truncationError,
} from '../../../analysis/gramians';
import { headScores, rollout } from '../../../analysis/head-scores';
import { apply } from '../../../analysis/hidden-attention';
import { basis } from '../../../analysis/hippo';
import {
  discreteModes,
  energy,
  energyFraction,
  frequencyResponse,
  kernel,
  poleHalfLife,
  polePeriod,
  toeplitz,
  type Modes,
} from '../../../analysis/lti';
import { linearCka, meanCosineSimilarity, spectrum, unbiasedCka } from '../../../analysis/representation';
import { transition, type Measure } from '../../../layers/lti/hippo';
import type { GoldenCase } from '../../case';
import { NotSupported } from '../../errors';
import type { Results } from '../../machine';
import { Options } from '../../options';
import { joined, sequence, stacked, values } from './parts';

/** Frequencies of the truncation error's maximum. */
const POINTS = 4001;

export async function ltiKernelTarget(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('d_model', 'd_state', 'batch');
  const length = options.size('length');
  options.word('disc', ['zoh']);
  options.finish();
  const [channels, count] = goldenCase.shape('param.kernel.log_A_real', 2) as [number, number];
  const [real, imaginary, C, log_dt, D] = [
    'kernel.log_A_real',
    'kernel.A_imag',
    'kernel.C',
    'kernel.log_dt',
    'D',
  ].map((name) => values(goldenCase, `param.${name}`)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const batch = goldenCase.shape('input.u', 3)[0]!;
  const omega = values(goldenCase, 'output.omega').map(
    (_, k, all) => (Math.PI * k) / Math.max(1, all.length - 1),
  );
  const each = Array.from({ length: channels }, (_, h) => {
    const at = (n: number): number => h * count + n;
    const modes: Modes = {
      A: Float64Array.from({ length: 2 * count }, (_x, i) =>
        i % 2 === 0 ? -Math.exp(real[at(i >> 1)]!) : imaginary[at(i >> 1)]!,
      ),
      dt: Math.exp(log_dt[h]!),
      C: C.subarray(2 * h * count, 2 * (h + 1) * count),
    };
    const poles = discreteModes(modes);
    const K = kernel(poles, length);
    return { modes, poles, K, T: toeplitz(K, D[h]!), total: energy(poles) };
  });
  const y = Array.from({ length: batch }, (_, b) => {
    const u = sequence(goldenCase.tensor('input.u'), b);
    return joined(
      each.map(({ T }, h) => apply(T, u.subarray(h * length, (h + 1) * length), length, length, 1)),
    );
  });
  const of = (pick: (entry: (typeof each)[number]) => ArrayLike<number>, ...shape: number[]) =>
    stacked(each.map(pick), shape);
  return {
    'output.kernel': of(({ K }) => K, length),
    'output.toeplitz': of(({ T }) => T, length, length),
    'output.y': stacked(y, [channels, length]),
    'output.eig_continuous': of(({ modes }) => modes.A, count, 2),
    'output.eig_discrete': of(({ poles }) => poles.a, count, 2),
    'output.half_life': of(({ poles }) => poleHalfLife(poles), count),
    'output.period': of(({ poles }) => polePeriod(poles), count),
    'output.omega': { shape: [omega.length], values: omega },
    'output.frequency_response': of(({ poles }) => frequencyResponse(poles, omega), omega.length, 2),
    'output.energy_fraction': of(({ K, total }) => energyFraction(K, total), length),
    'output.h2_norm': { shape: [channels], values: each.map(({ total }) => Math.sqrt(total)) },
  };
}

export async function gramiansTarget(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('state_pairs');
  const step = options.number('step')!;
  options.finish();
  const continuous = {
    A: values(goldenCase, 'input.A'),
    B: values(goldenCase, 'input.B'),
    C: values(goldenCase, 'input.C'),
  };
  const count = continuous.A.length / 2;
  const discrete = discretise(continuous, step);
  const whole = gramians(discrete, 'discrete');
  const upper = gramians(continuous, 'continuous');
  const corner = (W: Float64Array): number[] =>
    Array.from({ length: 2 * count * count }, (_, i) => {
      const entry = i >> 1;
      return W[2 * (Math.floor(entry / count) * 2 * count + (entry % count)) + (i % 2)]!;
    });
  const hankel = hankelSingularValues(discrete, 'discrete');
  return {
    'output.Wc_continuous': { shape: [count, count, 2], values: corner(upper.Wc) },
    'output.Wo_continuous': { shape: [count, count, 2], values: corner(upper.Wo) },
    'output.hankel_continuous': {
      shape: [2 * count],
      values: hankelSingularValues(continuous, 'continuous'),
    },
    'output.h2_continuous': { shape: [1], values: [h2Norm(continuous, 'continuous')] },
    'output.A_bar': { shape: [count, 2], values: discrete.A },
    'output.B_bar': { shape: [count, 2], values: discrete.B },
    'output.Wc_discrete': { shape: [2 * count, 2 * count, 2], values: whole.Wc },
    'output.Wo_discrete': { shape: [2 * count, 2 * count, 2], values: whole.Wo },
    'output.hankel_discrete': { shape: [2 * count], values: hankel },
    'output.h2_discrete': { shape: [1], values: [h2Norm(discrete, 'discrete')] },
    'output.truncation_bound': { shape: [2 * count - 1], values: truncationBound(hankel) },
    'output.truncation_error': { shape: [2 * count - 1], values: truncationError(discrete, POINTS) },
    'output.states_for_99_percent': { shape: [1], values: [statesForShare(hankel, 0.99)] },
  };
}

export async function hippoBasisTarget(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  const isCase = (item: unknown): item is [Measure, number] =>
    Array.isArray(item) &&
    ['legs', 'legt', 'fout'].includes(item[0] as string) &&
    Number.isSafeInteger(item[1]);
  const cases = options.list('cases', isCase);
  if (!cases) throw new NotSupported('no cases of [measure, N]');
  options.finish();
  const times = values(goldenCase, 'input.t');
  return Object.fromEntries(
    cases.map(([measure, N]) => {
      const { A, B } = transition(measure, N);
      return [`output.${measure}.n${N}.basis`, { shape: [N, times.length], values: basis(A, B, times) }];
    }),
  );
}

export async function headScoresTarget(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('repeats', 'heads', 'length');
  const block = options.size('block');
  options.finish();
  const ids = values(goldenCase, 'input.ids');
  const attention = goldenCase.tensor('input.attention');
  const [heads, length] = attention.shape as [number, number];
  const matrices = Array.from({ length: heads }, (_, h) => sequence(attention, h));
  const scores = matrices.map((matrix) => headScores(matrix, ids, block));
  const of = (
    key:
      | 'prefixMatching'
      | 'prefixMatchingAll'
      | 'previousToken'
      | 'sameToken'
      | 'firstToken'
      | 'positiveFraction',
  ) => ({
    shape: [heads],
    values: scores.map((score) => score[key]),
  });
  return {
    'output.prefix_matching': of('prefixMatching'),
    'output.prefix_matching_all': of('prefixMatchingAll'),
    'output.previous_token': of('previousToken'),
    'output.same_token': of('sameToken'),
    'output.first_token': of('firstToken'),
    'output.positive_fraction': of('positiveFraction'),
    'output.row_entropy': stacked(
      scores.map((score) => score.rowEntropy),
      [length],
    ),
    'output.rollout': { shape: [length, length], values: rollout(matrices, length) },
  };
}

export async function representationTarget(goldenCase: GoldenCase): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('n', 'p', 'q');
  options.finish();
  const [n, p] = goldenCase.shape('input.X', 2) as [number, number];
  const q = goldenCase.shape('input.Y', 2)[1]!;
  const X = values(goldenCase, 'input.X');
  const Y = values(goldenCase, 'input.Y');
  const both = [spectrum(X, n, p), spectrum(Y, n, q)];
  const of = (key: 'effectiveRank' | 'effectiveRankEnergy' | 'participationRatio' | 'stableRank') => ({
    shape: [2],
    values: both.map((found) => found[key]),
  });
  const { singularValues } = both[0]!;
  return {
    'output.singular_values_X': { shape: [singularValues.length], values: singularValues },
    'output.effective_rank': of('effectiveRank'),
    'output.effective_rank_energy': of('effectiveRankEnergy'),
    'output.participation_ratio': of('participationRatio'),
    'output.stable_rank': of('stableRank'),
    'output.linear_cka': { shape: [1], values: [linearCka(X, p, Y, q)] },
    'output.unbiased_cka': { shape: [1], values: [unbiasedCka(X, p, Y, q)] },
    'output.mean_cosine_similarity': { shape: [1], values: [meanCosineSimilarity(X, n, p)] },
  };
}
