/** @file Training a config from beginning to end. */
export { train, type TrainRequest } from './run';
export { openData, modelOf } from './prepare';
export { affordableBatch } from './memory';
export { Evaluator, type Evaluation } from './evaluate';
