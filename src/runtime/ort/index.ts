/** @file Running compiled graphs with onnxruntime-node. */
export { TensorTooLarge } from './binding';
export { availableDevices, deviceProblem } from './devices';
export { compileCached, type GraphCache } from './graph-cache';
export { fallbacks, type NodeTiming } from './profile';
export { readBack } from './read-back';
export { openSession, targetOf, type Device, type Session } from './session';
export type { DeviceTensor, Feed, TypedArray } from './tensors';
