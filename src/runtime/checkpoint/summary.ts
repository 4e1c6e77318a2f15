/**
 * @file What a checkpoint is, told from its heads alone: of tensors no more is read than tells whether a head is the
 * embedding.
 */
import type { ModelConfig } from '../../models';
import { elementsOf } from '../../formats/tensor-file';
import { openTokenizer } from '../../tokenizers';
import { openHeads } from './model-folder';

export interface CheckpointSummary {
  readonly path: string;
  readonly family: string;
  readonly files: readonly string[];
  /** Bytes of all tensors in the files. */
  readonly bytes: number;
  /** Numbers per type, as the format calls it. */
  readonly dtypes: Readonly<Record<string, number>>;
  readonly parameters: number;
  /** Those that one token meets, where they are fewer: without the experts that are not chosen. */
  readonly active_parameters?: number;
  readonly model: ModelConfig;
  readonly layers: Readonly<Record<string, number>>;
  /** Bytes kept per sequence while decoding; undefined where a layer cannot decode. */
  readonly state_bytes?: number;
  readonly tied: boolean;
  readonly tokenizer?: { readonly path: string; readonly tokens?: number; readonly problem?: string };
  /** Sentences; with any, the checkpoint cannot be loaded. */
  readonly problems: readonly string[];
  /** What is taken otherwise than the config says, as a sentence. */
  readonly note?: string;
  /** Tensors that nothing is made of. */
  readonly unknown: readonly string[];
}

/** @throws CheckpointError when files are missing or damaged, or the config cannot be expressed */
export async function summarise(target: string): Promise<CheckpointSummary> {
  const { found, described, matched } = openHeads(target);
  try {
    const { model, problems, unknown } = matched;
    const dtypes: Record<string, number> = {};
    let bytes = 0;
    for (const tensor of found.tensors.values()) {
      dtypes[tensor.dtype] = (dtypes[tensor.dtype] ?? 0) + elementsOf(tensor.shape);
      bytes += tensor.bytes;
    }
    const states = model.layers.map((_, layer) => model.stateBytes(layer));
    const decodes = model.decodeProblem === undefined && states.every((each) => each !== undefined);
    return {
      path: found.path,
      family: described.family,
      files: found.files,
      bytes,
      dtypes,
      parameters: model.parameterCount,
      ...(model.activeParameterCount < model.parameterCount
        ? { active_parameters: model.activeParameterCount }
        : {}),
      model: model.config,
      layers: model.mixers,
      ...(decodes ? { state_bytes: states.reduce<number>((total, each) => total + (each ?? 0), 0) } : {}),
      tied: model.config.tie_embeddings,
      ...(found.tokenizer === undefined ? {} : { tokenizer: await tokenizerFacts(found.tokenizer) }),
      ...(described.note === undefined ? {} : { note: described.note }),
      problems,
      unknown,
    };
  } finally {
    found.close();
  }
}

async function tokenizerFacts(path: string): Promise<NonNullable<CheckpointSummary['tokenizer']>> {
  try {
    return { path, tokens: (await openTokenizer(path)).vocabSize };
  } catch (error) {
    return { path, problem: error instanceof Error ? error.message : String(error) };
  }
}
