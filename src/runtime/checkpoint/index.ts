/** @file Checkpoints: complete or absent, verified when read. */
export { CheckpointError, type FileSystem, type FolderFile } from './folder';
export {
  checkpointName,
  CheckpointStore,
  listCheckpoints,
  loadCheckpoint,
  MODEL_FILE,
  OPTIMIZER_FILE,
  STATE_FILE,
  type CheckpointContent,
  type LoadedCheckpoint,
} from './store';
export type { TrainingState } from './state';
export { modelFiles, openModelFolder, readParameters, specOf, type OpenedModel } from './model-folder';
