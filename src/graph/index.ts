/** @file The tensor graph: constructors, differentiation, reference, compiler. */
export type { DType, Node, NumericArray, Operator, Shape, Tensor, TensorType } from './types';
export { ShapeError } from './errors';
export { reachable, scope } from './node';
export { registeredOperators } from './registry';
export { constant, full, input, iota, ones, scalar, zeros } from './ops/leaves';
export { add, div, maximum, minimum, mul, pow, sub, type Operand } from './ops/binary';
export { equal, greater, less } from './ops/compare';
export { cast, stopGradient, where } from './ops/select';
export {
  abs,
  erf,
  exp,
  floor,
  log,
  neg,
  reciprocal,
  relu,
  sigmoid,
  sign,
  sqrt,
  square,
  tanh,
} from './ops/unary';
export { gelu, silu, softplus } from './ops/activation';
export { cos, sin } from './ops/trigonometry';
export { reshape, squeeze, unsqueeze } from './ops/reshape';
export { expand } from './ops/expand';
export { transpose } from './ops/transpose';
export { flip, pad, slice } from './ops/slice';
export { concat, split, stack } from './ops/concat';
export { max, mean, sum, sumSquares } from './ops/reduce';
export { logSumExp, softmax } from './ops/softmax';
export { cumsum } from './ops/cumsum';
export { matmul } from './ops/matmul';
export { linear } from './ops/linear';
export { argmax, embedding, gather, oneHot, scatterAdd, takeAlong } from './ops/gather';
export { layerNorm, rmsNorm } from './ops/norm';
export { causalConv1d } from './ops/causal-conv1d';
export { crossEntropy } from './ops/cross-entropy';
export { selectiveScan, type SelectiveScanInputs } from './scan/selective-scan';
export { ssd, type SsdInputs } from './scan/ssd';
export { gradients, type Seed } from './gradients';
export { interpret } from './interpret';
export { compile, type Compiled, type TensorInfo } from './compile';
export type { Target } from './compile/emitter';
