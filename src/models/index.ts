/** @file What turns layers into models. */
export { mixers, mixerExamples } from '../layers';
export { expandLayers, type ModelConfig, type PlacedLayer, type RunConfig, type TaskConfig } from './config';
export { nodeFlops, type LayerCost, type ModelCost } from './cost';
export {
  ForeignModelError,
  fromConfig,
  fromGguf,
  fromHuggingFace,
  fromParams,
  nameFromHuggingFace,
  toHuggingFace,
  unusual,
  type ForeignModel,
  type HuggingFaceForm,
  isHybrid,
  type WrittenPiece,
  type Piece,
} from './foreign';
export { mergeAdapters } from './lora';
export { buildLayers, dimsOf, type BuiltLayer } from './layers';
export { resolvedCheckpointing, trainingMemory, type MemoryRequest, type TrainingMemory } from './memory';
export { parameterName } from './share';
export { EMBEDDED } from './forward';
export { buildModel, LOSS_SCALE, Model, type Program, type TrainingOptions } from './model';
export { defaultTask, ModelError, taskProblem, type ModelData, type ModelSpec } from './types';
