/** @file Samples of elementwise operators. */
import * as g from '../../../src/graph';
import { binary, float, ids, positive, unary, within, type Sample } from './sample';

export const elementwiseSamples: readonly Sample[] = [
  ...binary('add', g.add),
  ...binary('sub', g.sub),
  ...binary('mul', g.mul),
  ...binary('div', g.div, positive),
  ...binary('pow', g.pow, positive),
  ...binary('maximum', g.maximum),
  ...binary('minimum', g.minimum),
  {
    name: 'a number on either side',
    inputs: [positive(2, 3)],
    build: (x) => g.sub(1, g.div(g.pow(x, 3), 7)),
  },
  {
    name: 'arithmetic of integers',
    inputs: [ids(9, 4), ids(5, 4)],
    build: (a, b) => g.add(g.mul(a, 3), g.sub(b, 1)),
  },
  {
    name: 'comparisons',
    inputs: [ids(3, 4, 5), ids(3, 5)],
    build: (a, b) => [g.equal(a, b), g.less(a, b), g.greater(a, b)],
  },
  {
    name: 'comparisons of floats',
    inputs: [float(4, 5), float(5)],
    build: (a, b) => [g.less(a, b), g.greater(a, b)],
  },
  {
    name: 'where',
    inputs: [float(4, 1), float(4, 3), float(3)],
    build: (c, a, b) => g.where(g.greater(c, 0), a, b),
  },
  {
    name: 'where with numbers',
    inputs: [float(4, 3)],
    build: (x) => g.where(g.less(x, 0), g.mul(x, x), g.scalar(3)),
  },
  {
    name: 'cast',
    inputs: [float(5), ids(4, 5)],
    build: (x, i) => [g.cast(x, 'int32'), g.mul(x, g.cast(i, 'float32'))],
  },
  { name: 'cast to and from bool', inputs: [ids(3, 6)], build: (i) => g.cast(g.cast(i, 'bool'), 'float32') },
  {
    name: 'stopGradient',
    inputs: [float(3)],
    build: (x) => g.mul(x, g.stopGradient(g.full([3], 2))),
  },
  unary('neg', g.neg),
  unary('exp', g.exp),
  unary('log', g.log, positive(3, 4)),
  unary('sqrt', g.sqrt, positive(3, 4)),
  unary('reciprocal', g.reciprocal, positive(3, 4)),
  unary('abs', g.abs),
  unary('sigmoid', g.sigmoid),
  unary('tanh', g.tanh),
  unary('relu', g.relu),
  unary('square', g.square),
  unary('sign', g.sign),
  unary('floor', g.floor),
  unary('erf', g.erf, within(-4, 4, 40)),
  unary('silu', g.silu, within(-9, 9, 40)),
  { name: 'siluGate', inputs: [float(40), within(-9, 9, 40)], build: g.siluGate },
  unary('softplus', g.softplus, within(-20, 20, 80)),
  unary('geluTanh', g.geluTanh, within(-6, 6, 40)),
  unary('elu', g.elu, within(-6, 6, 40)),
  unary('expm1', g.expm1, within(-2, 2, 40)),
  unary('log1p', g.log1p, within(-0.9, 3, 40)),
  unary('laplace', g.laplace, within(-1, 2, 40)),
  unary('clip', (x) => g.clip(x, -0.5, 1), float(20)),
  unary('clip from below', (x) => g.clip(x, 0.25, Infinity), float(20)),
  ...binary('atan2', g.atan2),
  {
    name: 'atan2 on the axes',
    inputs: [ids(2, 3), ids(2, 4)],
    build: (i, j) => {
      const sides = [g.zeros([3]), g.cast(g.sub(g.mul(i, 2), 1), 'float32')].map((v) => g.unsqueeze(v, 1));
      const across = [g.zeros([4]), g.cast(g.sub(g.mul(j, 2), 1), 'float32')];
      return sides.flatMap((y) => across.map((x) => g.atan2(y, x)));
    },
  },
  {
    name: 'powers of negative numbers',
    inputs: [float(12)],
    build: (x) => [g.pow(x, 2), g.pow(x, 3)],
  },
  {
    name: 'arithmetic of integers wraps',
    inputs: [ids(2 ** 31, 8), ids(2 ** 31, 8)],
    build: (a, b) => [
      g.mul(a, b),
      g.add(a, b),
      g.sub(g.neg(a), b),
      g.div(g.sub(b, 2 ** 30), 65536),
      g.abs(g.sub(b, a)),
      g.clip(a, 1000, 2 ** 30),
      g.maximum(a, b),
    ],
    exact: true,
  },
  unary('gelu', g.gelu, within(-6, 6, 40)),
  unary('sin', g.sin, within(-40, 40, 60)),
  unary('cos', g.cos, within(-40, 40, 60)),
  unary('atanh', g.atanh, within(-0.9, 0.9, 40)),
];
