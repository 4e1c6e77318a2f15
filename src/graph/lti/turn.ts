/**
 * @file Complex products of states, [re | im] in the last axis: what rotary embeddings do with cosines and sines. The
 * CPU's operator for these takes any numbers in their place, and reads and writes each value once.
 */
import { check } from '../errors';
import { apply1 } from '../node';
import { defineOperator } from '../registry';
import { sameShape, size } from '../shape';
import type { Tensor } from '../types';
import type { Complex } from './complex';

/** Inputs x, Re f, Im f. */
const turnOperator = defineOperator<Record<string, never>>({
  name: 'turn',
  infer(inputs) {
    const [x, re, im] = inputs as [Tensor, Tensor, Tensor];
    const [H, series, one, width] = x.shape as [number, number, number, number];
    const fits = x.shape.length === 4 && one === 1 && sameShape(re.shape, [H, width / 2]);
    check(fits && sameShape(re.shape, im.shape), 'turn', 'needs x (H, S, 1, 2 N) and f (H, N)', inputs);
    return [{ dtype: 'float32', shape: [H, series, 1, width] }];
  },
  evaluate([x, re, im]) {
    const [, series, , width] = x!.shape as [number, number, number, number];
    const N = width / 2;
    const data = new Float64Array(size(x!.shape));
    for (let at = 0; at < data.length; at++) {
      const n = at % N;
      const of = Math.floor(at / (series * width)) * N + n;
      const [first, second] = [x!.data[at - (at % width) + n]!, x!.data[at - (at % width) + N + n]!];
      const [fRe, fIm] = [re!.data[of]!, im!.data[of]!];
      data[at] = at % width < N ? first * fRe - second * fIm : second * fRe + first * fIm;
    }
    return [{ shape: x!.shape, data }];
  },
  lower(emit, [x, re, im], { inputs }) {
    const H = inputs[0]!.shape[0]!;
    // Row h of the tables for all series of h.
    const rows = emit.ints([...Array(H).keys()], [H, 1]);
    return [emit.node('RotaryEmbedding', [x!, rows, re!, im!], { domain: 'com.microsoft' })];
  },
});

/** f x for x (H, S, 1, 2 N) and f (H, N); on the CPU alone. */
export const turn = (x: Tensor, f: Complex): Tensor => apply1(turnOperator, [x, f.re, f.im], {});
