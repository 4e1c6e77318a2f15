/** @file Generation: decoding, sampling, constraints, ranking. */
export { ConstraintError, ConstraintFactory, patternOf, type Constraint } from './constraint';
export { Decoder, stackStates, type DecoderOptions, type States } from './decoder';
export {
  generate,
  speculationProblem,
  vocabularyOf,
  type Generated,
  type GeneratedBatch,
  type GenerateOptions,
  type GeneratedToken,
} from './generate';
export { rank, type Ranked } from './rank';
export { draw, likeliest, sample, type Drawn, type SamplingOptions } from './sampling';
