/** @file Generation: decoding, sampling, constraints, ranking. */
export { ConstraintError, ConstraintFactory, patternOf } from './constraint';
export { Decoder, type DecoderOptions, type States } from './decoder';
export { checkPrompt, generate, speculationProblem, vocabularyOf, type GeneratedBatch } from './generate';
export { Sequence, type GenerateOptions } from './sequence';
export { rank } from './rank';
export { draw, likeliest, sample } from './sampling';
