/** @file `s4.hippo`: the HiPPO matrices and what their normal part does not leave to the eigenvectors' phases. */
import { lowRank, normalForm, smallestRank, transition, type Measure } from '../../../layers/lti/hippo';
import type { GoldenCase } from '../../case';
import { MalformedCase, NotSupported } from '../../errors';
import type { Machine, Results } from '../../machine';
import { isInteger, isText, Options } from '../../options';

const MEASURES: readonly string[] = ['legs', 'legt', 'fout'];

export async function s4Hippo(goldenCase: GoldenCase, _machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  const sizes = options.list('N', isInteger) ?? [];
  const measures = options.list('measures', isText) ?? [];
  options.finish();
  const results: Results = {};
  for (const measure of measures) {
    if (!MEASURES.includes(measure)) throw new NotSupported(`hyperparameter measures: ${measure}`);
    for (const N of sizes) {
      if (N < 2 || N % 2 !== 0) throw new MalformedCase(`N ${N} must be even`);
      for (const [name, { shape, values }] of Object.entries(quantities(measure as Measure, N))) {
        results[`output.${measure}.n${N}.${name}`] = { shape, values };
      }
    }
  }
  return results;
}

function quantities(measure: Measure, N: number): Results {
  const rank = smallestRank(measure);
  const { A, B } = transition(measure, N);
  const { Lambda, P, B: b } = normalForm(measure, N, rank);
  const M = N / 2;
  const pairs = (count: number, value: (i: number) => readonly [number, number]): number[] =>
    Array.from({ length: count }, (_, i) => value(i)).flat();
  // B conj(P): free of the phases.
  const product = (i: number): readonly [number, number] => {
    const [p, n] = [P[Math.floor(i / M)]!, i % M];
    return [b.re[n]! * p.re[n]! + b.im[n]! * p.im[n]!, b.im[n]! * p.re[n]! - b.re[n]! * p.im[n]!];
  };
  return {
    A: { shape: [N, N], values: A },
    B: { shape: [N], values: B },
    P: { shape: [rank, N], values: lowRank(measure, N, rank).flatMap((p) => [...p]) },
    Lambda: { shape: [M, 2], values: pairs(M, (n) => [Lambda.re[n]!, Lambda.im[n]!]) },
    BP: { shape: [rank, M, 2], values: pairs(rank * M, product) },
    absB: { shape: [M], values: Float64Array.from(b.re, (re, n) => Math.hypot(re, b.im[n]!)) },
  };
}
