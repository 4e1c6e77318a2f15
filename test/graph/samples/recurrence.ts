/** @file Samples of linear recurrences and associative scans. */
import * as g from '../../../src/graph';
import type { Tensor } from '../../../src/graph';
import { float, ids, within, type Sample } from './sample';

const recurrence = (name: string, ...shape: number[]): Sample[] =>
  [false, true].map((reverse) => ({
    name: `linearRecurrence, ${name}${reverse ? ', from the end' : ''}`,
    inputs: [within(-1, 1, ...shape), float(...shape)],
    build: (a, b) => g.linearRecurrence(a, b, { axis: 0, reverse }),
    tolerance: 4e-6,
  }));

const complex = (name: string, ...shape: number[]): Sample[] =>
  [false, true].map((reverse) => ({
    name: `complexRecurrence, ${name}${reverse ? ', from the end' : ''}`,
    inputs: [within(-0.7, 0.7, ...shape), within(-0.7, 0.7, ...shape), float(...shape), float(...shape)],
    build: (...[aRe, aIm, bRe, bIm]) => {
      const [a, b] = [
        { re: aRe!, im: aIm! },
        { re: bRe!, im: bIm! },
      ];
      const { re, im } = g.complexRecurrence(a, b, { axis: 0, reverse });
      return [re, im];
    },
    tolerance: 4e-6,
  }));

/** (A, v) for the maps x → A x + v, A of 2 × 2: not commutative. */
const compose = ([A1, v1]: readonly Tensor[], [A2, v2]: readonly Tensor[]): Tensor[] => [
  g.matmul(A2!, A1!),
  g.add(g.matmul(A2!, v1!), v2!),
];

export const recurrenceSamples: readonly Sample[] = [
  ...recurrence('narrow', 9, 2),
  ...recurrence('one step', 1, 3),
  ...recurrence('two steps', 2, 3),
  ...recurrence('wide', 6, 4, 130),
  ...complex('narrow', 7, 3),
  ...complex('wide', 5, 520),
  {
    name: 'linearRecurrence along an inner axis',
    inputs: [within(-1, 1, 2, 7, 3), float(2, 7, 3)],
    build: (a, b) => g.linearRecurrence(a, b, { axis: 1 }),
  },
  ...[8, 11].map((n): Sample => ({
    name: `associativeScan of ${n} affine maps`,
    inputs: [within(-0.9, 0.9, n, 2, 2), float(n, 2, 1)],
    build: (A, v) => g.associativeScan(compose, [A, v], 0),
  })),
  {
    name: 'associativeScan from the end',
    inputs: [within(-0.9, 0.9, 2, 5, 2, 2), float(2, 5, 2, 1)],
    build: (A, v) => g.associativeScan(compose, [A, v], 1, { reverse: true }),
  },
  ...[false, true].map((reverse): Sample => ({
    name: `scan of a cell${reverse ? ', from the end' : ''}`,
    inputs: [float(2, 3), float(5, 2, 4), float(3, 3), float(3, 4), float(3)],
    build(start, x, W, U, b) {
      // The weight is used as it is and through another tensor that is used, too.
      const decay = g.sigmoid(g.sum(W, [0]));
      const { states, emits } = g.scan({
        states: [start],
        sequences: [x],
        reverse,
        body([h], [now]) {
          const next = g.tanh(g.add(g.add(g.linear(h!, W), g.linear(now!, U)), g.mul(b, decay)));
          return { states: [next], emits: [g.mul(next, h!), g.sum(next)] };
        },
      });
      return [...states, ...emits];
    },
    tolerance: 6e-6,
  })),
  {
    name: 'scan with two states and integers',
    inputs: [float(2), ids(4, 6), float(6, 2), float(4, 2)],
    build(start, id, x, table) {
      const { states, emits } = g.scan({
        states: [start, g.zeros([], 'int32')],
        sequences: [id, x],
        body([h, count], [i, now]) {
          const row = g.reshape(g.gather(table, g.reshape(i!, [1]), 0), [2]);
          const next = g.add(g.mul(h!, 0.5), g.mul(now!, row));
          return { states: [next, g.add(count!, i!)], emits: [next] };
        },
      });
      return [...states, ...emits];
    },
  },
];
