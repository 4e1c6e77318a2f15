/** @file Training a config from beginning to end. */
export { train, ResumeError, type TrainRequest, type TrainResult } from './run';
export { openData, modelOf } from './prepare';
export { Evaluator, type Evaluation } from './evaluate';
