/**
 * @file What a token-mixing matrix does on a repeated block: induction and other head scores (Elhage et al. 2021;
 * Olsson et al. 2022, arXiv 2209.11895), and attention rollout (Abnar & Zuidema 2020, arXiv 2005.00928). Weights are
 * |entry| over the row's sum of |entries|; the share of positive weight says what that hides.
 */
import { rowEntropy } from './hidden-attention';
import { product } from './linear/dense';

export interface HeadScores {
  /** Mean weight on the key just after the most recent earlier occurrence of the query's token. */
  readonly prefixMatching: number;
  /** The same over all earlier occurrences. */
  readonly prefixMatchingAll: number;
  readonly previousToken: number;
  /** On the most recent earlier occurrence itself. */
  readonly sameToken: number;
  readonly firstToken: number;
  /** Nats (query). */
  readonly rowEntropy: Float64Array;
  readonly positiveFraction: number;
}

/** |matrix| with every row divided by its sum; an empty row stays empty. */
export function rowNormalised(matrix: ArrayLike<number>, length: number): Float64Array {
  const out = new Float64Array(length * length);
  for (let i = 0; i < length; i++) {
    let total = 0;
    for (let j = 0; j < length; j++) total += Math.abs(matrix[i * length + j]!);
    for (let j = 0; j < (total > 0 ? length : 0); j++)
      out[i * length + j] = Math.abs(matrix[i * length + j]!) / total;
  }
  return out;
}

/**
 * @param matrix (query, key), signed
 * @param ids a start token, then the same block again and again
 * @param block its length: queries from its second repetition on are scored
 */
export function headScores(matrix: ArrayLike<number>, ids: ArrayLike<number>, block: number): HeadScores {
  const length = ids.length;
  const weights = rowNormalised(matrix, length);
  const at = (i: number, j: number): number => weights[i * length + j]!;
  let prefix = 0;
  let all = 0;
  let same = 0;
  let queries = 0;
  for (let i = 1 + block; i < length; i++) {
    let latest = -1;
    for (let j = 0; j < i; j++) {
      if (ids[j] !== ids[i]) continue;
      latest = j;
      all += at(i, j + 1);
    }
    queries++;
    if (latest < 0) continue;
    prefix += at(i, latest + 1);
    same += at(i, latest);
  }
  const mean = (sum: number, count: number): number => (count > 0 ? sum / count : 0);
  let previous = 0;
  let first = 0;
  for (let i = 1; i < length; i++) {
    previous += at(i, i - 1);
    first += at(i, 0);
  }
  let positive = 0;
  let total = 0;
  for (let k = 0; k < length * length; k++) {
    total += Math.abs(matrix[k]!);
    if (matrix[k]! > 0) positive += matrix[k]!;
  }
  return {
    prefixMatching: mean(prefix, queries),
    prefixMatchingAll: mean(all, queries),
    previousToken: mean(previous, length - 1),
    sameToken: mean(same, queries),
    firstToken: mean(first, length - 1),
    rowEntropy: rowEntropy(matrix, length, length),
    positiveFraction: mean(positive, total),
  };
}

/** Π (½ I + ½ |M| row-normalised), first layer innermost (query, key); rows sum to one. */
export function rollout(matrices: readonly ArrayLike<number>[], length: number): Float64Array {
  let result = new Float64Array(length * length);
  for (let i = 0; i < length; i++) result[i * length + i] = 1;
  for (const matrix of matrices) {
    const step = rowNormalised(matrix, length).map((value) => value / 2);
    for (let i = 0; i < length; i++) step[i * length + i]! += 0.5;
    result = product(step, result, length, length, length) as Float64Array<ArrayBuffer>;
  }
  return result;
}
