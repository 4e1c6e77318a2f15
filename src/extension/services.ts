/** @file What the parts of the extension give each other. Interfaces only: importing this file loads nothing. */
import type * as vscode from 'vscode';
import type { WeightBits } from '../protocol/playground';
import type { RunInfo, RunStatus } from '../protocol/run';
import type { RunNotes, RunReader } from '../runs';
import type { PlaygroundListener, PlaygroundProcess } from './playground';

export type { RunStatus };

/** A run as the editor shows it; derived from its folder alone. */
export interface RunEntry {
  /** Absolute path of the run folder: the key of a run. */
  readonly dir: string;
  /** `<config stem>/<folder>`, for display. */
  readonly name: string;
  /** What people wrote about it. */
  readonly notes: RunNotes;
  /** Absolute path of the config it was started from, when known. */
  readonly config?: string;
  readonly status: RunStatus;
  readonly info: RunInfo;
  /** Last step seen. */
  readonly step: number;
  /** `train.steps` of the resolved config. */
  readonly steps?: number;
  /** Last training loss, nats. */
  readonly loss?: number;
  /** Last validation accuracy, 0 … 1. */
  readonly accuracy?: number;
  readonly error?: string;
}

export interface RunStore {
  /** Newest first. */
  readonly runs: readonly RunEntry[];
  get(dir: string): RunEntry | undefined;
  /** Follows a run folder, also one outside the workspace. Rejects when it holds no run. */
  add(dir: string): Promise<RunEntry>;
  /** Folders whose state or rows changed, at most five times a second; empty when the list itself changed. */
  readonly onDidChange: vscode.Event<readonly string[]>;
  /** One shared reader per folder. */
  reader(dir: string): RunReader;
}

export interface InspectRequest {
  /** A run folder, a checkpoint or a config. */
  readonly target: string;
  /** Layer number after expanding `repeat`; `all` for a survey. */
  readonly layer?: number | 'all';
  /** Names with commas between them. */
  readonly probe?: string;
  /** Channel or head of which a matrix is given. */
  readonly channel?: number;
  /** Held-out example. */
  readonly example?: number;
  readonly ids?: readonly number[];
}

export interface PanelServices {
  readonly runs: RunStore;
  readonly log: vscode.LogOutputChannel;
  /**
   * The answer of `inspect … --json`, computed in a child process, which ends when nobody waits for it any more.
   * `progress` is told how many bytes of it have come.
   */
  inspect(
    request: InspectRequest,
    token?: vscode.CancellationToken,
    progress?: (bytes: number) => void,
  ): Promise<unknown>;
  /** Opens a language model in a process of its own. Throws in Restricted Mode. */
  playground(target: string, bits: WeightBits, listener: PlaygroundListener): PlaygroundProcess;
  stop(dir: string): Promise<void>;
  resume(dir: string): Promise<void>;
}
