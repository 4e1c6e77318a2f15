/** @file Checkpoints: complete or absent, verified when read. */
export { CheckpointError, type FileSystem } from './folder';
export { summarise, type CheckpointSummary } from './summary';
export { TOKENIZER_FILE } from './find';
export { modelFiles, openHeads, openModelFolder, type OpenedModel } from './model-folder';
export {
  CheckpointStore,
  listCheckpoints,
  loadCheckpoint,
  type CheckpointContent,
  type LoadedCheckpoint,
} from './store';
