/** @file Samples of the primitive operators. */
import * as g from '../../../src/graph';
import { float, ids, positive, within, type Sample } from './samples';

const unary = (name: string, f: (x: g.Tensor) => g.Tensor, input = float(3, 4)): Sample => ({
  name,
  inputs: [input],
  build: f,
});

const binary = (name: string, f: (a: g.Tensor, b: g.Tensor) => g.Tensor, input = float): Sample[] => [
  { name: `${name}, equal shapes`, inputs: [input(2, 3), input(2, 3)], build: f },
  { name: `${name}, both operands repeated`, inputs: [input(4, 1, 3), input(2, 1)], build: f },
  { name: `${name}, a scalar`, inputs: [input(2, 3), input()], build: f },
  { name: `${name}, fewer axes first`, inputs: [input(3), input(2, 4, 3)], build: f },
];

export const primitiveSamples: readonly Sample[] = [
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
  { name: 'stopGradient', inputs: [float(3)], build: (x) => g.mul(x, x) },
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
  unary('softplus', g.softplus, within(-20, 20, 80)),
  unary('gelu', g.gelu, within(-6, 6, 40)),
  unary('sin', g.sin, within(-40, 40, 60)),
  unary('cos', g.cos, within(-40, 40, 60)),
  unary('reshape', (x) => g.mul(g.reshape(x, [2, -1]), g.constant([1, 2, 3, 4, 5, 6], [6]))),
  unary('unsqueeze and squeeze', (x) => g.add(g.unsqueeze(x, 1), g.squeeze(g.unsqueeze(x, 0), 0))),
  unary('transpose', (x) => g.transpose(x, [2, 0, 1]), float(2, 3, 4)),
  unary('slice', (x) => g.slice(x, 1, 1, 4), float(2, 5, 2)),
  unary('slice with a step', (x) => g.slice(x, 1, 1, 8, 3), float(2, 8, 2)),
  unary('slice backwards', (x) => g.slice(x, 0, 6, 1, -2), float(8, 2)),
  unary('flip', (x) => g.flip(x, 1), float(2, 5)),
  unary('pad', (x) => g.pad(x, 1, 2, 1), float(2, 3, 2)),
  unary('expand', (x) => g.expand(x, [4, 2, 3]), float(2, 1)),
  {
    name: 'concat',
    inputs: [float(2, 1, 2), float(2, 3, 2), float(2, 2, 2)],
    build: (...xs) => g.concat(xs, 1),
  },
  { name: 'stack', inputs: [float(2, 3), float(2, 3)], build: (...xs) => g.stack(xs, -1) },
  unary('split', (x) => g.mul(g.split(x, 1, [1, 4, 2])[1]!, 2), float(2, 7)),
  {
    name: 'split in many parts',
    inputs: [float(3, 10)],
    build: (x) =>
      g
        .split(
          x,
          1,
          Array.from({ length: 10 }, () => 1),
        )
        .reduce((a, b) => g.add(g.mul(a, 0.5), b)),
  },
  unary('sum of all', (x) => g.sum(x)),
  unary('sum over axes', (x) => g.sum(x, [0, 2]), float(2, 3, 4)),
  unary('sum, axes kept', (x) => g.sum(x, [-1], true), float(2, 3)),
  unary('mean', (x) => g.mean(x, [1]), float(2, 3, 4)),
  unary('max', (x) => g.max(x, [1]), float(3, 5)),
  unary('sumSquares', g.sumSquares, float(4, 3)),
  unary('softmax', (x) => g.softmax(x, 1), float(3, 5)),
  unary('softmax over an inner axis', (x) => g.softmax(x, 1), float(2, 4, 3)),
  unary('logSumExp', (x) => g.logSumExp(x, 1), within(-80, 80, 3, 5)),
  unary('cumsum', (x) => g.cumsum(x, 1), float(2, 5, 3)),
  unary('cumsum from the end', (x) => g.cumsum(x, 0, { reverse: true, exclusive: true }), float(5, 2)),
  { name: 'matmul', inputs: [float(3, 4), float(4, 2)], build: g.matmul },
  { name: 'matmul, batched', inputs: [float(2, 1, 3, 4), float(5, 4, 2)], build: g.matmul },
  {
    name: 'matmul, operands transposed',
    inputs: [float(2, 4, 3), float(2, 5, 4)],
    build: (a, b) => g.matmul(g.transpose(a, [0, 2, 1]), g.transpose(b, [0, 2, 1])),
  },
  { name: 'linear', inputs: [float(2, 3, 4), float(5, 4)], build: (x, w) => g.linear(x, w) },
  { name: 'linear with a bias', inputs: [float(3, 4), float(5, 4), float(5)], build: g.linear },
  {
    name: 'linear, split in wide parts',
    inputs: [float(2, 3, 4), float(300, 4), float(300)],
    build: (x, w, b) => {
      const [left, right] = g.split(g.linear(x, w, b), 2, [100, 200]) as [g.Tensor, g.Tensor];
      return g.mul(left, g.sum(right, [2], true));
    },
    tolerance: 5e-6,
  },
  { name: 'embedding', inputs: [ids(5, 2, 4), float(5, 3)], build: g.embedding },
  { name: 'embedding of many rows', inputs: [ids(600, 2, 4), float(600, 2)], build: g.embedding },
  {
    name: 'gather along an inner axis',
    inputs: [float(2, 4, 3), ids(4, 5)],
    build: (x, i) => g.gather(x, i, 1),
  },
  { name: 'oneHot', inputs: [ids(4, 3, 2)], build: (i) => g.oneHot(i, 4) },
  { name: 'takeAlong', inputs: [float(3, 5), ids(5, 3, 2)], build: (x, i) => g.takeAlong(x, i, 1) },
  {
    name: 'scatterAdd',
    inputs: [float(4, 3), ids(4, 5, 3), float(5, 3)],
    build: (base, i, updates) => g.scatterAdd(base, i, updates, 0),
  },
  { name: 'argmax', inputs: [float(3, 5)], build: (x) => g.argmax(x, 1) },
  { name: 'rmsNorm', inputs: [float(2, 3, 8), float(8)], build: (x, w) => g.rmsNorm(x, w, 1e-5) },
  {
    name: 'layerNorm',
    inputs: [float(2, 3, 8), float(8), float(8)],
    build: (x, w, b) => g.layerNorm(x, w, b, 1e-5),
  },
  { name: 'crossEntropy', inputs: [within(-30, 30, 6, 5), ids(5, 6)], build: g.crossEntropy },
  {
    name: 'causalConv1d',
    inputs: [float(2, 6, 3), float(3, 1, 4), float(3)],
    build: (x, w, b) => g.causalConv1d(x, w, b, 1),
  },
  {
    name: 'causalConv1d, time first',
    inputs: [float(6, 2, 3), float(3, 1, 2)],
    build: (x, w) => g.causalConv1d(x, w, undefined, 0),
  },
  {
    name: 'causalConv1d, shorter than its taps',
    inputs: [float(2, 2, 3), float(3, 1, 4)],
    build: (x, w) => g.causalConv1d(x, w, undefined, 1),
  },
  {
    name: 'causalConv1d between axes',
    inputs: [float(2, 5, 3, 4), float(4, 1, 3), float(4)],
    build: (x, w, b) => g.causalConv1d(x, w, b, 1),
  },
  {
    name: 'constants',
    inputs: [float(2, 3)],
    build: (x) => g.add(g.mul(x, g.full([2, 1], 2)), g.add(g.ones([3]), g.cast(g.iota(3), 'float32'))),
  },
  { name: 'zeros of a large shape', inputs: [float(1)], build: (x) => g.add(g.zeros([70, 70]), x) },
];
