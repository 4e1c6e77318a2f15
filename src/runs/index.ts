/** @file Run folders: writing one, following one, finding all. */
export { RunFolderError, type RunFolderProblem } from './errors';
export type { SyncFileSystem } from './files';
export { listRuns, newRunDir, readRunInfo } from './folder';
export { readNotes, tagsFrom, writeNotes, type RunNotes } from './notes';
export { RunReader } from './reader';
export { runStatus } from './status';
export type { MetricTable } from './table';
export { RunWriter, type NewRun } from './writer';
