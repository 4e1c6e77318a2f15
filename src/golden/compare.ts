/** @file When two tensors agree: the rules of golden cases. */
import type { CaseTensor, GoldenCase, Tolerance } from './case';

/** One compared tensor with its measures. */
export interface Comparison {
  readonly name: string;
  readonly agrees: boolean;
  /** Largest |a − b| and largest |b|. */
  readonly maxError: number;
  readonly maxValue: number;
  /** Entries outside atol + rtol · |b|. */
  readonly outside: number;
  readonly entries: number;
  /** What was asked for, and what is wrong when something is. */
  readonly rule: string;
  readonly problem?: string;
}

export interface Actual {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

const count = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
/** Shapes are equal up to [] against [1]. */
const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.join() === b.join() || (count(a) === 1 && count(b) === 1 && a.length <= 1 && b.length <= 1);

/**
 * Floats: every entry within atol + rtol · |b|, and max|a − b| ≤ max_norm · max|b| unless `loose`. Integers: equal.
 * A NaN or an infinity on either side never agrees.
 */
export function compareTensor(
  name: string,
  actual: Actual,
  expected: CaseTensor,
  tolerance: Tolerance,
  loose: boolean,
): Comparison {
  const exact = expected.values instanceof Int32Array;
  const { rtol, atol, max_norm } = exact ? { rtol: 0, atol: 0, max_norm: 0 } : tolerance;
  const rule = exact ? 'equal' : `rtol ${rtol}, atol ${atol}${loose ? '' : `, max_norm ${max_norm}`}`;
  const entries = expected.values.length;
  if (!sameShape(actual.shape, expected.shape) || actual.values.length !== entries) {
    const problem = `shape [${actual.shape.join(', ')}], expected [${expected.shape.join(', ')}]`;
    return { name, agrees: false, maxError: NaN, maxValue: NaN, outside: entries, entries, rule, problem };
  }
  let maxError = 0;
  let maxValue = 0;
  let outside = 0;
  let broken = 0;
  for (let i = 0; i < entries; i++) {
    const b = expected.values[i]!;
    const error = Math.abs(actual.values[i]! - b);
    if (!Number.isFinite(error)) {
      broken++;
      continue;
    }
    maxError = Math.max(maxError, error);
    maxValue = Math.max(maxValue, Math.abs(b));
    if (error > atol + rtol * Math.abs(b)) outside++;
  }
  const tooFar = !exact && !loose && maxError > max_norm * maxValue;
  let problem: string | undefined;
  if (broken > 0) problem = `${broken} entries are not finite`;
  else if (outside > 0) problem = `${outside} of ${entries} entries outside the tolerance`;
  else if (tooFar) problem = `largest error above max_norm times the largest value`;
  outside += broken;
  return {
    name,
    agrees: problem === undefined,
    maxError: broken > 0 ? NaN : maxError,
    maxValue,
    outside,
    entries,
    rule,
    ...(problem === undefined ? {} : { problem }),
  };
}

/**
 * Parameters of a training run agree by their update: ‖p − p_ref‖ ≤ share · ‖p_ref − p_0‖.
 * `maxError` and `maxValue` are these two norms.
 */
export function compareUpdate(
  name: string,
  actual: Actual,
  expected: CaseTensor,
  start: CaseTensor,
  share: number,
): Comparison {
  const entries = expected.values.length;
  const rule = `update within ${share} of its norm`;
  if (actual.values.length !== entries || start.values.length !== entries) {
    return {
      name,
      agrees: false,
      maxError: NaN,
      maxValue: NaN,
      outside: entries,
      entries,
      rule,
      problem: 'shape',
    };
  }
  let error = 0;
  let update = 0;
  for (let i = 0; i < entries; i++) {
    error += (actual.values[i]! - expected.values[i]!) ** 2;
    update += (expected.values[i]! - start.values[i]!) ** 2;
  }
  const maxError = Math.sqrt(error);
  const maxValue = Math.sqrt(update);
  const agrees = maxError <= share * maxValue;
  const problem = agrees ? undefined : `update is off by ${(maxError / maxValue).toPrecision(3)} of its norm`;
  return {
    name,
    agrees,
    maxError,
    maxValue,
    outside: agrees ? 0 : 1,
    entries,
    rule,
    ...(problem ? { problem } : {}),
  };
}

/** Everything that the file expects and the target computed. */
export function compareAll(goldenCase: GoldenCase, results: Readonly<Record<string, Actual>>): Comparison[] {
  return goldenCase.names
    .filter((name) => /^(output|grad)\./.test(name) && Object.hasOwn(results, name))
    .map((name) =>
      compareTensor(
        name,
        results[name]!,
        goldenCase.tensor(name),
        goldenCase.tolerance,
        goldenCase.loose.has(name),
      ),
    );
}
