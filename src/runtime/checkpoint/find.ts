/** @file What lies at a path: which config, which files of tensors, which tokenizer. Only heads of files are read. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openGguf, type GgufFile } from '../../formats/gguf';
import { parsePythonJson } from '../../formats/python-json';
import { openSafetensors } from '../../formats/safetensors';
import { fileSource, readRange, type ByteSource } from '../../formats/source';
import type { StoredTensor, TensorFile } from '../../formats/tensor-file';
import { openTorch } from '../../formats/torch';
import { hasTokenizer } from '../../tokenizers';
import { CheckpointError } from './folder';
import { shardsOf } from './shards';

export const CONFIG_FILE = 'config.json';
const PARAMS_FILE = 'params.json';
export const TOKENIZER_FILE = 'tokenizer.json';
const MAX_CONFIG = 16 * 1024 * 1024;
const MAX_INDEX = 64 * 1024 * 1024;

/** Files of tensors of a folder, in the order in which they are looked for. */
const WEIGHTS = [
  'model.safetensors',
  'model.safetensors.index.json',
  'consolidated.safetensors',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
];

/** A checkpoint with its heads read and its files open. */
export interface FoundCheckpoint {
  /** The folder, or the GGUF file. */
  readonly path: string;
  /** Parsed config.json or params.json; absent for GGUF. */
  readonly config?: { readonly file: typeof CONFIG_FILE | typeof PARAMS_FILE; readonly value: unknown };
  readonly gguf?: GgufFile;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Names of the files that hold the tensors. */
  readonly files: readonly string[];
  /** A tokenizer.json, or the GGUF file itself. */
  readonly tokenizer?: string;
  close(): void;
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file or folder';
  return code === undefined ? error.message : `cannot be read (${code})`;
};

/** Runs `action` on a file; what goes wrong names the file. @throws CheckpointError */
function about<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(`${path}: ${reasonOf(error)}`, error);
  }
}

/** @throws CheckpointError */
function readText(path: string, limit: number): string {
  return about(path, () => {
    const source = fileSource(path);
    try {
      if (source.size > limit) throw new Error(`${source.size} bytes are above the limit of ${limit}.`);
      return new TextDecoder().decode(readRange(source, 0, source.size));
    } finally {
      source.close();
    }
  });
}

type Opener = (source: ByteSource) => TensorFile;

const openerOf = (name: string): Opener => (name.endsWith('.safetensors') ? openSafetensors : openTorch);

function openTensors(path: string, open: Opener): TensorFile {
  return about(path, () => {
    const source = fileSource(path);
    try {
      return open(source);
    } catch (error) {
      source.close();
      throw error;
    }
  });
}

/** The tensors of a sharded checkpoint. @throws CheckpointError also for names that lead out of the folder */
function openShards(folder: string, index: string): Omit<FoundCheckpoint, 'path'> {
  const path = join(folder, index);
  const map = about(path, () => shardsOf(readText(path, MAX_INDEX)));
  const names = [...new Set(map.values())];
  const files: TensorFile[] = [];
  const close = (): void => {
    for (const file of files) file.close();
  };
  try {
    const opened = new Map<string, TensorFile>();
    for (const name of names) {
      const file = openTensors(join(folder, name), openerOf(name));
      files.push(file);
      opened.set(name, file);
    }
    const tensors = new Map<string, StoredTensor>();
    for (const [tensor, name] of map) {
      const found = opened.get(name)!.tensors.get(tensor);
      if (!found)
        throw new CheckpointError(`${path}: ${name} does not have the tensor ${tensor.slice(0, 200)}.`);
      tensors.set(tensor, found);
    }
    return { tensors, files: names, close };
  } catch (error) {
    close();
    throw error;
  }
}

function openWeights(folder: string, name: string): Omit<FoundCheckpoint, 'path'> {
  if (name.endsWith('.index.json')) return openShards(folder, name);
  const file = openTensors(join(folder, name), openerOf(name));
  return { tensors: file.tensors, files: [name], close: () => file.close() };
}

function openGgufAt(path: string): FoundCheckpoint {
  const gguf = openTensors(path, openGguf) as GgufFile;
  const beside = join(dirname(path), TOKENIZER_FILE);
  const tokenizer = existsSync(beside) ? beside : hasTokenizer(gguf.keys) ? path : undefined;
  return {
    path,
    gguf,
    tensors: gguf.tensors,
    files: [basename(path)],
    ...(tokenizer === undefined ? {} : { tokenizer }),
    close: () => gguf.close(),
  };
}

/**
 * Finds the checkpoint at a path: a folder, one of its files of tensors, or a GGUF file.
 * @throws CheckpointError saying what is missing or damaged
 */
export function findCheckpoint(target: string): FoundCheckpoint {
  const isFile = about(target, () => statSync(target).isFile());
  if (isFile && target.endsWith('.gguf')) return openGgufAt(target);
  const folder = isFile ? dirname(target) : target;
  const names = readdirSync(folder);
  const config = [CONFIG_FILE, PARAMS_FILE].find((name) => names.includes(name));
  if (config === undefined) {
    const ggufs = names.filter((name) => name.endsWith('.gguf'));
    if (ggufs.length === 1) return openGgufAt(join(folder, ggufs[0]!));
    const which = ggufs.length > 1 ? `name one of ${ggufs.join(', ')}` : `${CONFIG_FILE} is missing`;
    throw new CheckpointError(`${folder} is not a checkpoint that can be opened: ${which}.`);
  }
  const weights = isFile ? basename(target) : WEIGHTS.find((name) => names.includes(name));
  if (weights === undefined) {
    const looked = `none of ${WEIGHTS.join(', ')} is there`;
    throw new CheckpointError(`${folder} is not a checkpoint that can be opened: ${looked}.`);
  }
  if (isFile && !/\.(safetensors|bin|pt|pth|index\.json)$/.test(weights)) {
    throw new CheckpointError(`${target} is not a file of tensors that can be opened.`);
  }
  const path = join(folder, config);
  const value = about(path, () => parsePythonJson(readText(path, MAX_CONFIG)));
  return {
    path: folder,
    config: { file: config as typeof CONFIG_FILE, value },
    ...openWeights(folder, weights),
    ...(names.includes(TOKENIZER_FILE) ? { tokenizer: join(folder, TOKENIZER_FILE) } : {}),
  };
}
