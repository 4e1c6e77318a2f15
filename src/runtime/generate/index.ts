/** @file Generation: decoding, sampling, constraints, ranking. */
export { ConstraintError, ConstraintFactory, patternOf, type Constraint } from './constraint';
export { Decoder, stackStates, type DecoderOptions, type States } from './decoder';
export { checkPrompt, generate, speculationProblem, vocabularyOf, type GeneratedBatch } from './generate';
export { Sequence, type Generated, type GenerateOptions, type GeneratedToken } from './sequence';
export { rank, type Ranked } from './rank';
export { draw, likeliest, sample, type Drawn, type SamplingOptions } from './sampling';
