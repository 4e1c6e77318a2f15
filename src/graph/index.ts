/** @file The tensor graph: constructors, differentiation, reference, compiler. */
export type { DType, Node, Shape, Tensor } from './types';
export { isFloat, type FloatType } from './dtype';
export { ShapeError } from './errors';
export { reachable, scope } from './node';
export { registeredOperators } from './registry';
export { constant, full, input, iota, ones, scalar, zeros } from './ops/leaves';
export { add, div, maximum, minimum, mul, pow, sub } from './ops/elementwise/binary';
export { expm1, log1p } from './ops/elementwise/about-one';
export { equal, greater, less } from './ops/elementwise/compare';
export { cast, stopGradient, where } from './ops/elementwise/select';
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
} from './ops/elementwise/unary';
export { elu, gelu, geluTanh, laplace, silu, siluGate, softplus } from './ops/elementwise/activation';
export { atan2 } from './ops/elementwise/atan2';
export { atanh } from './ops/elementwise/atanh';
export { clip } from './ops/elementwise/clip';
export { cos, sin } from './ops/elementwise/trigonometry';
export { size } from './shape';
export { reshape, squeeze, unsqueeze } from './ops/shape/reshape';
export { lowerTriangle, roll, tile, tril, triu } from './ops/shape/arrange';
export { expand } from './ops/shape/expand';
export { transpose } from './ops/shape/transpose';
export { flip, pad, slice } from './ops/shape/slice';
export { concat, split, stack } from './ops/shape/concat';
export { prod } from './ops/reduce/prod';
export { max, mean, min, sum, sumSquares, variance } from './ops/reduce/reduce';
export { logSoftmax, logSumExp, softmax } from './ops/reduce/softmax';
export { cumprod } from './ops/reduce/cumprod';
export { cumsum } from './ops/reduce/cumsum';
export { einsum } from './ops/matrix/einsum';
export { matmul } from './ops/matrix/matmul';
export { gemm, linear } from './ops/matrix/linear';
export {
  dequantize,
  dequantizeRow,
  quantized,
  quantizedLinear,
  quantizedMatrix,
  type EightBits,
  type QuantizedMatrix,
} from './ops/matrix/quantized';
export { scatterAdd, takeAlong } from './ops/lookup/along';
export { embedding, gather } from './ops/lookup/gather';
export { argmax, argsort, sort, topK } from './ops/lookup/order';
export { oneHot } from './ops/lookup/place';
export { segmentSum } from './ops/lookup/segment-sum';
export { batchNorm, batchNormEvaluation } from './ops/norm/batch';
export { groupNorm, groupRmsNorm } from './ops/norm/group';
export { layerNorm, rmsNorm } from './ops/norm/norm';
export { causalConv1d } from './ops/conv/causal-conv1d';
export { conv, convTranspose } from './ops/conv/conv';
export { adaptiveAveragePool, averagePool, globalAveragePool, globalMaxPool, maxPool } from './ops/conv/pool';
export { upsampleLinear, upsampleNearest } from './ops/conv/upsample';
export { crossEntropy } from './ops/loss/linear-cross-entropy';
export { absoluteError, binaryCrossEntropy, huber, klDivergence, squaredError } from './ops/loss/losses';
export { dropout } from './ops/random/dropout';
export { randomState, randomWords } from './ops/random/words';
export { attention, type Sight } from './attention/attention';
export { HIDDEN } from './hidden';
export { associativeScan } from './recurrence/associative';
export { complexRecurrence, linearRecurrence } from './recurrence/linear';
export { scan } from './recurrence/scan';
export { selectiveScan } from './scan/selective-scan';
export { accumulated, wrapped } from './scan/angles';
export { rotate, type Angles, type Pairs } from './scan/rotate';
export { ssd } from './scan/ssd';
export { turningSsd } from './scan/turning-ssd';
export * as complex from './lti/complex';
export type { Complex } from './lti/complex';
export { dplrKernel, factorsOf, type DplrModel } from './lti/cauchy';
export { diagonalConv } from './lti/diagonal';
export {
  dplrRecurrence,
  dplrStep,
  realChange,
  realMatrix,
  recoverOutput,
  type DplrRecurrence,
} from './lti/dplr';
export { dplrKernelByPowers } from './lti/dplr-powers';
export { krylov, matrixPower } from './lti/krylov';
export { mapped, multiple, powers, reshaped, type Exponents } from './lti/phase';
export { expRest, productRest, softplusRest } from './lti/rounding';
export { longConv } from './lti/long';
export { diagonalStates } from './lti/states';
export { diagonalKernel, type Counted } from './lti/vandermonde';
export { gradients } from './gradients';
export { behind, checkpoint } from './transform/checkpoint';
export { halfPrecision } from './transform/half-precision';
export { narrow } from './transform/narrow';
export { retain, retained } from './transform/retain';
export { bind, hoist, type Hoisted } from './hoist';
export { interpret } from './interpret';
export { KEPT_BYTES, type Limits } from './compile/rewrite';
export { memoryNeed } from './liveness';
export { compile, lowered, type BytesInfo, type Compiled, type TensorInfo } from './compile';
export type { Target } from './compile/emitter';
