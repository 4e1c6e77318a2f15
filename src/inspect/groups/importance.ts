/**
 * @file Which tokens matter to a scan, by the measures that prunings go by, and how far these agree: what the token's
 * output is above zero (pruning of vision models), the size of its steps (DeciMamba, arXiv 2406.14528), and what others
 * read of it.
 */
import { ranksOf, spearman } from '../../analysis/statistics';
import { mixingOf, scanOf } from '../mixing';
import { array, every, rowsAt, tokensOf, type Analysis } from '../spec';
import { EXACT } from './mixing';

const MEASURES = ['output', 'delta', 'received'] as const;

export const importanceGroup: Analysis = {
  description: 'Tokens by the measures that prunings go by, and the rank correlation of these.',
  parts: ['importance_output', 'importance_delta', 'importance_received', 'importance_rank_correlation'],
  applies: (trace) => scanOf(trace) !== undefined && trace.length <= EXACT,
  compute(trace) {
    const { length, seen } = trace;
    const { delta } = scanOf(trace)!;
    const mixing = mixingOf(trace)!;
    const perToken = (values: ArrayLike<number>, of: (value: number) => number): Float64Array => {
      const width = values.length / length;
      return Float64Array.from({ length }, (_, t) =>
        every(width).reduce((sum, c) => sum + of(values[t * width + c]!), 0),
      );
    };
    const squares = new Float64Array(length * length);
    for (const index of every(mixing.count))
      mixing.matrix(index).forEach((value, ij) => (squares[ij]! += value ** 2 / mixing.count));
    const tokens = tokensOf(trace);
    const received = new Float64Array(length);
    for (const i of tokens)
      for (let j = 0; j < length; j++) received[j]! += Math.sqrt(squares[i * length + j]!);
    const scores = {
      output: perToken(seen['y']!, (value) => Math.max(0, value)),
      delta: perToken(delta, (value) => value * value).map(Math.sqrt),
      received,
    };
    const ranks = MEASURES.map((name) => ranksOf(rowsAt(scores[name], length, tokens)));
    return {
      importance_output: array(
        [length],
        ['time'],
        scores.output,
        'Σ max(0, y) over channels of the scan’s output.',
      ),
      importance_delta: array(
        [length],
        ['time'],
        scores.delta,
        '‖Δ‖ over channels, as DeciMamba keeps tokens.',
      ),
      importance_received: array(
        [length],
        ['time'],
        scores.received,
        'Sum over queries of the root mean square of hidden attention.',
      ),
      importance_rank_correlation: array(
        [MEASURES.length, MEASURES.length],
        ['measure', 'measure'],
        ranks.flatMap((a) => ranks.map((b) => spearman(a, b))),
        'Spearman’s correlation of the three; 0 where all tokens are alike.',
        { sign: 'signed', labels: { measure: [...MEASURES] } },
      ),
    };
  },
};
