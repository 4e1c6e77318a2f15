/**
 * @file The files that make a checkpoint a model elsewhere: model.safetensors and config.json. Where Hugging
 * Face's Mamba classes can express the model, the folder is theirs; what only we need is under `ssm_studio`.
 */
import { join } from 'node:path';
import { stringifyPythonJson } from '../../formats/python-json';
import { safetensorsParts, type SafetensorsEntry } from '../../formats/safetensors';
import { toHuggingFace, type Model, type ModelSpec, type WrittenPiece } from '../../models';
import { CONFIG_FILE, findCheckpoint, type FoundCheckpoint } from './find';
import { CheckpointError, type FolderFile } from './folder';
import { loadParameters, type Take, withAxesSwapped, withHalvesSwapped } from './load';
import { describe, match, OWN_KEY, type Described, type Matched } from './match';
import { MODEL_FILE } from './store';

/** The model as two files; tensors are not copied. */
export function modelFiles(model: Model, parameters: ReadonlyMap<string, Float32Array>): FolderFile[] {
  const theirs = toHuggingFace(model);
  const piecesOf = 'reason' in theirs ? (name: string) => [{ name }] : theirs.pieces;
  const entries = [...model.parameters].flatMap(([name, { shape }]) =>
    cut(piecesOf(name), shape, parameters.get(name)!),
  );
  const own: ModelSpec = { model: model.config, task: model.task, data: model.data };
  const config = { ...('reason' in theirs ? { model_type: 'ssm-studio' } : theirs.config), [OWN_KEY]: own };
  const text = new TextEncoder().encode(`${stringifyPythonJson(config)}\n`);
  return [
    { name: MODEL_FILE, parts: safetensorsParts(entries) },
    { name: CONFIG_FILE, parts: [text] },
  ];
}

/** One parameter as the tensors that lie below each other in it; nothing is copied but what lies otherwise there. */
function cut(
  pieces: readonly WrittenPiece[],
  shape: readonly number[],
  data: Float32Array,
): [string, SafetensorsEntry][] {
  const [all = 1, ...rest] = shape;
  const width = data.length / all;
  const [swapped] = pieces.map((piece) => piece.swapped);
  if (swapped) {
    const [a, b] = swapped;
    const halved = pieces[0]!.convert === 'swap-halves' ? withHalvesSwapped(data) : data;
    const theirs = withAxesSwapped(halved, b, a);
    const length = data.length / pieces.length;
    return pieces.map((piece, i) => [
      piece.name,
      { shape: piece.shape ?? shape, data: theirs.subarray(i * length, (i + 1) * length) },
    ]);
  }
  let from = 0;
  return pieces.map(({ name, rows = all, convert, shape: own }) => {
    const part = data.subarray(from * width, (from + rows) * width);
    const values = convert === 'swap-halves' ? withHalvesSwapped(part) : part;
    from += rows;
    return [name, { shape: own ?? (pieces.length === 1 ? shape : [rows, ...rest]), data: values }];
  });
}

export interface OpenedModel {
  /** The checkpoint's folder, or the GGUF file. */
  readonly path: string;
  /** Where it comes from, for example `Hugging Face mamba2`. */
  readonly family: string;
  readonly model: Model;
  readonly parameters: Map<string, Float32Array>;
  /** Path of its tokenizer.json, or of the GGUF file that has one. */
  readonly tokenizer?: string;
  /** Ids that end a text, as the config has them. */
  readonly end?: readonly number[];
  /** What is taken otherwise than the config says, as a sentence. */
  readonly note?: string;
}

/** A checkpoint whose heads were read; nothing of its tensors yet. */
export interface OpenedHeads {
  readonly found: FoundCheckpoint;
  readonly described: Described;
  readonly matched: Matched;
}

/** @throws CheckpointError naming the file; the caller closes `found` */
export function openHeads(
  target: string,
  adapt: (spec: ModelSpec) => ModelSpec = (spec) => spec,
): OpenedHeads {
  const found = findCheckpoint(target);
  const where = found.config ? join(found.path, found.config.file) : found.path;
  try {
    const described = describe(found);
    return { found, described, matched: match(found, described, adapt(described.spec)) };
  } catch (error) {
    found.close();
    throw new CheckpointError(`${where}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/**
 * Opens a checkpoint: a folder of Hugging Face's, of the original kind or of our own, one of its files of tensors,
 * or a GGUF file.
 * @param adapt changes the specification before the model is built, for example its data
 * @param taker takes parameters while they are read; they are missing in what is returned
 * @throws CheckpointError when files are missing, damaged or do not fit together
 */
export async function openModelFolder(
  target: string,
  adapt: (spec: ModelSpec) => ModelSpec = (spec) => spec,
  taker?: (model: Model) => Take,
): Promise<OpenedModel> {
  const { found, described, matched } = openHeads(target, adapt);
  try {
    const [problem] = matched.problems;
    if (problem !== undefined) throw new Error(problem);
    return {
      path: found.path,
      family: described.family,
      model: matched.model,
      parameters: loadParameters(matched.matches, taker?.(matched.model)),
      ...(found.tokenizer === undefined ? {} : { tokenizer: found.tokenizer }),
      ...(described.end === undefined ? {} : { end: described.end }),
      ...(described.note === undefined ? {} : { note: described.note }),
    };
  } catch (error) {
    const where = found.files.length === 1 && found.config ? join(found.path, found.files[0]!) : found.path;
    throw new CheckpointError(`${where}: ${error instanceof Error ? error.message : String(error)}`, error);
  } finally {
    found.close();
  }
}
