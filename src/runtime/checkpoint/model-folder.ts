/**
 * @file The files that make a checkpoint a model elsewhere: model.safetensors and config.json. Where Hugging
 * Face's Mamba classes can express the model, the folder is theirs; what only we need is under `ssm_studio`.
 */
import * as nodeFs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { parsePythonJson, stringifyPythonJson } from '../../formats/python-json';
import { float32Of, parseSafetensors, safetensorsParts } from '../../formats/safetensors';
import {
  buildModel,
  fromHuggingFace,
  nameFromHuggingFace,
  toHuggingFace,
  type Model,
  type ModelSpec,
} from '../../models';
import { CheckpointError, type FolderFile } from './folder';
import { MODEL_FILE } from './store';

const CONFIG_FILE = 'config.json';
const OWN_KEY = 'ssm_studio';

/** The model as two files; tensors are not copied. */
export function modelFiles(model: Model, parameters: ReadonlyMap<string, Float32Array>): FolderFile[] {
  const theirs = toHuggingFace(model);
  const nameOf = 'reason' in theirs ? (name: string): string => name : theirs.tensorName;
  const entries = [...model.parameters].map(
    ([name, { shape }]) => [nameOf(name), { shape, data: parameters.get(name)! }] as const,
  );
  const own: ModelSpec = { model: model.config, task: model.task, data: model.data };
  const config = { ...('reason' in theirs ? { model_type: 'ssm-studio' } : theirs.config), [OWN_KEY]: own };
  const text = new TextEncoder().encode(`${stringifyPythonJson(config)}\n`);
  return [
    { name: MODEL_FILE, parts: safetensorsParts(entries) },
    { name: CONFIG_FILE, parts: [text] },
  ];
}

export interface OpenedModel {
  /** The checkpoint's folder. */
  readonly path: string;
  readonly model: Model;
  readonly parameters: Map<string, Float32Array>;
}

const ownSchema = z.looseObject({
  [OWN_KEY]: z.looseObject({
    model: z.looseObject({ d_model: z.int().positive(), layers: z.array(z.looseObject({})) }),
    task: z.looseObject({ type: z.string() }),
    data: z.looseObject({ length: z.int().positive(), input: z.looseObject({}), target: z.looseObject({}) }),
  }),
});

/** Sequence length assumed for a model that comes without data. */
const UNKNOWN_LENGTH = 1024;

/** What config.json describes. @throws Error saying what is wrong */
function specOf(config: unknown): ModelSpec {
  const own = ownSchema.safeParse(config);
  if (own.success) return own.data[OWN_KEY] as unknown as ModelSpec;
  const { model, vocab_size } = fromHuggingFace(config);
  return {
    model,
    task: { type: 'language-model' },
    data: {
      length: UNKNOWN_LENGTH,
      input: { kind: 'tokens', vocab_size },
      target: { kind: 'next-token' },
    },
  };
}

/**
 * Opens a checkpoint: a folder with config.json and model.safetensors, or that file itself.
 * @param adapt changes the specification before the model is built, for example its data
 * @throws CheckpointError when files are missing, damaged or do not fit together
 */
export async function openModelFolder(
  target: string,
  adapt: (spec: ModelSpec) => ModelSpec = (spec) => spec,
): Promise<OpenedModel> {
  const path = basename(target).endsWith('.safetensors') ? dirname(target) : target;
  const file = path === target ? join(path, MODEL_FILE) : target;
  const read = (name: string): Promise<Buffer> =>
    nodeFs.readFile(name).catch((error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'ENOENT' ? 'is missing' : `cannot be read (${error.code ?? error.message})`;
      throw new CheckpointError(
        `${path} is not a checkpoint that can be opened: ${basename(name)} ${reason}.`,
      );
    });
  const fail = (name: string, error: unknown): never => {
    throw new CheckpointError(
      `${join(path, name)}: ${error instanceof Error ? error.message : String(error)}`,
    );
  };
  const text = (await read(join(path, CONFIG_FILE))).toString('utf8');
  let model: Model;
  try {
    model = buildModel(adapt(specOf(parsePythonJson(text))));
  } catch (error) {
    return fail(CONFIG_FILE, error);
  }
  const bytes = await read(file);
  try {
    return { path, model, parameters: readParameters(model, bytes) };
  } catch (error) {
    return fail(basename(file), error);
  }
}

/** The tensors of a file under our names. @throws Error when one is missing or has another shape */
function readParameters(model: Model, bytes: Uint8Array): Map<string, Float32Array> {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map(
    [...parseSafetensors(plain).tensors].map(([name, tensor]) => [nameFromHuggingFace(name), tensor]),
  );
  const parameters = new Map<string, Float32Array>();
  for (const [name, { shape }] of model.parameters) {
    const tensor = found.get(name);
    if (tensor === undefined) throw new Error(`the tensor ${name} is missing.`);
    if (tensor.shape.join() !== shape.join()) {
      const [is, should] = [tensor.shape, shape].map((extents) => `[${extents.join(', ')}]`);
      throw new Error(`the tensor ${name} has the shape ${is}, but the config asks for ${should}.`);
    }
    parameters.set(name, float32Of(tensor));
  }
  return parameters;
}
