/** @file The checkpoints of a run: write, list, verify, prune. */
import { createHash } from 'node:crypto';
import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import {
  parseSafetensors,
  safetensorsParts,
  type FileTensor,
  type SafetensorsEntry,
} from '../../formats/safetensors';
import {
  CheckpointError,
  removeFolder,
  removeLeftovers,
  writeFolder,
  type FileSystem,
  type FolderFile,
} from './folder';
import { stateSchema, type TrainingState } from './state';

export const MODEL_FILE = 'model.safetensors';
export const OPTIMIZER_FILE = 'optimizer.safetensors';
export const STATE_FILE = 'state.json';

export interface CheckpointContent {
  /** model.safetensors, config.json and whatever else makes the folder readable elsewhere. */
  readonly model: readonly FolderFile[];
  /** The optimiser's states as `<state>.<parameter>`, for example `exp_avg.<parameter>`. */
  readonly optimizer: Iterable<readonly [string, SafetensorsEntry]>;
  readonly state: Omit<TrainingState, 'format' | 'files'>;
}

/** A verified checkpoint. */
export interface LoadedCheckpoint {
  readonly path: string;
  readonly state: TrainingState;
  readonly optimizer: ReadonlyMap<string, FileTensor>;
}

export interface CheckpointEntry {
  readonly step: number;
  readonly path: string;
}

export const checkpointName = (step: number): string => `step-${String(step).padStart(6, '0')}`;

const sha256 = (parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** Checkpoints of a run folder, oldest first. */
export async function listCheckpoints(runDir: string): Promise<CheckpointEntry[]> {
  const folder = join(runDir, 'checkpoints');
  const names = await nodeFs.readdir(folder).catch(() => [] as string[]);
  return names
    .flatMap((name) => {
      const match = /^step-(\d+)$/.exec(name);
      return match === null ? [] : [{ step: Number(match[1]), path: join(folder, name) }];
    })
    .sort((a, b) => a.step - b.step);
}

/**
 * Reads and verifies a training checkpoint.
 * @throws CheckpointError naming the file that is missing or damaged
 */
export async function loadCheckpoint(path: string): Promise<LoadedCheckpoint> {
  const damaged = (file: string, reason: string): CheckpointError =>
    new CheckpointError(`The checkpoint ${path} is damaged: ${file} ${reason}.`);
  const read = async (file: string): Promise<Uint8Array> => {
    try {
      const { buffer, byteOffset, byteLength } = await nodeFs.readFile(join(path, file));
      return new Uint8Array(buffer, byteOffset, byteLength);
    } catch (error) {
      throw damaged(file, `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
    }
  };
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(await read(STATE_FILE)));
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw damaged(STATE_FILE, 'is not valid JSON');
  }
  const state = stateSchema.safeParse(json);
  if (!state.success) throw damaged(STATE_FILE, `has no valid ${state.error.issues[0]?.path.join('.')}`);
  let optimizer: ReadonlyMap<string, FileTensor> | undefined;
  for (const [file, expected] of Object.entries(state.data.files)) {
    if (file.includes('/') || file.includes('\\')) throw damaged(STATE_FILE, `names the file ${file}`);
    const bytes = await read(file);
    if (sha256([bytes]) !== expected) throw damaged(file, 'does not have the content that was saved');
    if (file === OPTIMIZER_FILE) optimizer = parseSafetensors(bytes).tensors;
  }
  if (optimizer === undefined) throw damaged(STATE_FILE, `does not list ${OPTIMIZER_FILE}`);
  return { path, state: state.data, optimizer };
}

export class CheckpointStore {
  /** @param keep checkpoints kept besides the best one */
  constructor(
    readonly runDir: string,
    readonly keep: number,
    readonly fs: FileSystem = nodeFs,
  ) {}

  /** Writes `checkpoints/step-NNNNNN`, then removes what need not be kept. Returns the path in the run folder. */
  async write(content: CheckpointContent): Promise<string> {
    const files: FolderFile[] = [
      ...content.model,
      { name: OPTIMIZER_FILE, parts: safetensorsParts(content.optimizer) },
    ];
    const state: TrainingState = {
      format: 1,
      ...content.state,
      files: Object.fromEntries(files.map(({ name, parts }) => [name, sha256(parts)])),
    };
    const text = new TextEncoder().encode(`${JSON.stringify(state, undefined, 2)}\n`);
    const relative = join('checkpoints', checkpointName(state.step));
    await writeFolder(join(this.runDir, relative), [...files, { name: STATE_FILE, parts: [text] }], this.fs);
    await this.#prune();
    return relative.replaceAll('\\', '/');
  }

  /**
   * The newest checkpoint that is whole.
   * @param onDamage told about each one that is passed over
   * @param options.tidy removes what killed processes left; only the run's own process may do so (default)
   */
  async latest(
    onDamage: (error: CheckpointError) => void,
    options: { readonly tidy?: boolean } = {},
  ): Promise<LoadedCheckpoint | undefined> {
    if (options.tidy !== false) await removeLeftovers(join(this.runDir, 'checkpoints'), this.fs);
    for (const { path } of (await listCheckpoints(this.runDir)).reverse()) {
      try {
        return await loadCheckpoint(path);
      } catch (error) {
        onDamage(error instanceof CheckpointError ? error : new CheckpointError(`${path}: ${String(error)}`));
      }
    }
    return undefined;
  }

  /** What cannot be removed stays until the next time: the new checkpoint is written. */
  async #prune(): Promise<void> {
    const all = await listCheckpoints(this.runDir);
    const old = all.slice(0, -this.keep);
    if (old.length === 0) return;
    const losses = await Promise.all(all.map(({ path }) => evaluatedLoss(path)));
    const best = losses.reduce<number>(
      (winner, loss, index) => (loss < (losses[winner] ?? Infinity) ? index : winner),
      -1,
    );
    for (const entry of old) {
      if (entry !== all[best]) await removeFolder(entry.path, this.fs).catch(() => {});
    }
  }
}

/** Validation loss recorded in a checkpoint, Infinity without one. */
async function evaluatedLoss(path: string): Promise<number> {
  try {
    const state = stateSchema.parse(JSON.parse(await nodeFs.readFile(join(path, STATE_FILE), 'utf8')));
    return state.evaluation?.loss ?? Infinity;
  } catch {
    return Infinity;
  }
}
