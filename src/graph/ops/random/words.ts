/**
 * @file Random words by counting: a pure function of a key, a step and a place, in 32-bit integer arithmetic that
 * every device does alike, so that a resumed run draws what an uninterrupted one draws. GPUs lack the shifts and
 * exclusive ors that such generators are usually made of; here x (2x + 1), a permutation of the words whose high
 * bits depend on all of x (RC6: Rivest et al., 1998), alternates with adding the high half to the low one.
 */
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { sameShape, size } from '../../shape';
import type { Shape, Tensor } from '../../types';
import { hashName } from '../../../util/random';
import { add, div, mul } from '../elementwise/binary';
import { constant, input, iota } from '../leaves';
import { concat } from '../shape/concat';
import { reshape, unsqueeze } from '../shape/reshape';
import { slice } from '../shape/slice';

const HALF = 65536;
/** Odd and close to 2³²/φ: consecutive counters are far apart. */
const WEYL = 0x9e3779b1 | 0;
/** Words of one row; a row and a column number make the counter. */
const COLUMNS = 1024;

/** Where random words come from: the run's key and a counter of steps, both fed. */
export interface RandomState {
  /** (2) int32 */
  readonly key: Tensor;
  /** () int32 */
  readonly step: Tensor;
}

/** The graph inputs `random.key` (2) and `random.step` (), int32. */
export const randomState = (): RandomState => ({
  key: input('random.key', [2], 'int32'),
  step: input('random.step', [], 'int32'),
});

interface WordsAttributes {
  readonly shape: Shape;
  /** Two words that tell this use from the others of a graph. */
  readonly site: readonly [number, number];
}

const low = (x: number): number => (x + Math.trunc(x / HALF)) | 0;
const permute = (x: number): number => Math.imul(x, (Math.imul(x, 2) + 1) | 0);
const mix = (x: number): number => low(permute(low(permute(x))));

const lowTensor = (x: Tensor): Tensor => add(x, div(x, HALF));
const permuteTensor = (x: Tensor): Tensor => mul(x, add(mul(x, 2), 1));
const mixTensor = (x: Tensor): Tensor => lowTensor(permuteTensor(lowTensor(permuteTensor(x))));

/** Extents of the counters for `n` words, of which every counter gives two. */
function counters(n: number): { rows: number; columns: number } {
  const pairs = Math.max(1, Math.ceil(n / 2));
  const columns = Math.min(pairs, COLUMNS);
  return { rows: Math.ceil(pairs / columns), columns };
}

const wordsOperator = defineOperator<WordsAttributes>({
  name: 'randomWords',
  infer(inputs, { shape }) {
    const [key, step] = inputs as [Tensor, Tensor];
    const fits = sameShape(key.shape, [2]) && sameShape(step.shape, []);
    const integers = key.dtype === 'int32' && step.dtype === 'int32';
    check(fits && integers, 'randomWords', 'needs an int32 key (2) and an int32 step ()', inputs);
    return [{ dtype: 'int32', shape }];
  },
  evaluate([key, step], { shape, site }) {
    const own = [...key!.data].map((word, i) => mix((mix((mix(word) + step!.data[0]!) | 0) + site[i]!) | 0));
    const [first, second] = own as [number, number];
    const n = size(shape);
    const { rows, columns } = counters(n);
    const pairs = rows * columns;
    const data = Float64Array.from({ length: n }, (_, i) => {
      const counter = i < pairs ? i : i - pairs;
      const start = low(permute((Math.imul(counter, WEYL) + first) | 0));
      const word = low(permute((start + second) | 0));
      return i < pairs ? word : Math.imul(word, HALF);
    });
    return [{ shape, data }];
  },
  expand([key, step], { shape, site }) {
    const own = mixTensor(add(mixTensor(add(mixTensor(key!), step!)), constant(Int32Array.from(site), [2])));
    const [first, second] = [0, 1].map((i) => reshape(slice(own, 0, i, i + 1), [])) as [Tensor, Tensor];
    const n = size(shape);
    const { rows, columns } = counters(n);
    const down = unsqueeze(mul(iota(rows), Math.imul(columns, WEYL)), 1);
    const across = add(mul(iota(columns), WEYL), first);
    // x and 2x + 1 are both added up from a row and a column.
    const x = add(down, across);
    const double = add(mul(down, 2), add(mul(across, 2), 1));
    const word = lowTensor(permuteTensor(add(lowTensor(mul(x, double)), second)));
    const both = reshape(concat([word, mul(word, HALF)], 0), [-1]);
    return { outputs: [reshape(slice(both, 0, 0, n), shape)] };
  },
});

/**
 * Random int32 words whose upper 16 bits are uniform and independent.
 * @param site a name that no other use in the graph has: uses of one name draw the same words
 */
export const randomWords = (shape: Shape, { key, step }: RandomState, site: string): Tensor =>
  apply1(wordsOperator, [key, step], {
    shape: [...shape],
    site: [hashName(site) | 0, hashName(site, WEYL >>> 0) | 0],
  });
