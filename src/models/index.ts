/** @file What turns layers into models. */
export { type ModelConfig, type TaskConfig } from './config';
export { nodeFlops } from './cost';
export {
  fromConfig,
  fromGguf,
  fromHuggingFace,
  fromParams,
  nameFromHuggingFace,
  toHuggingFace,
  unusual,
  type ForeignModel,
  isHybrid,
  type WrittenPiece,
} from './foreign';
export { mergeAdapters } from './lora';
export { type BuiltLayer } from './layers';
export { attributionOf, inspectionOf, lensOf } from './look';
export { resolvedCheckpointing, trainingMemory, type MemoryRequest, type TrainingMemory } from './memory';
export { parameterName } from './share';
export { EMBEDDED } from './forward';
export { buildModel, LOSS_SCALE, Model, type Program, type TrainingOptions } from './model';
export { defaultTask, ModelError, type ModelData, type ModelSpec } from './types';
