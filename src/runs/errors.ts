/** @file What can be wrong with a run folder. */
import { describeWriteError } from '../util/write-error';

export type RunFolderProblem =
  /** A new run was to begin where there is one. */
  | 'holds-run'
  /** There is no run to read or continue. */
  | 'no-run'
  /** Another process trains there. */
  | 'locked'
  /** The disk is full, there is no permission, the folder has gone. */
  | 'write'
  /** run.json is not what it should be. */
  | 'damaged';

export class RunFolderError extends Error {
  constructor(
    readonly problem: RunFolderProblem,
    message: string,
    override readonly cause?: unknown,
  ) {
    super(message);
    this.name = 'RunFolderError';
  }
}

export const cannotWrite = (path: string, error: unknown): RunFolderError =>
  new RunFolderError('write', `${describeWriteError(path, error)}.`, error);
