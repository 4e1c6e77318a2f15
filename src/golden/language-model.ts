/** @file Building the authors' language models from a case's hyperparameters, tensors and names. */
import { buildModel, type Model } from '../models';
import type { GoldenCase } from './case';
import type { Actual } from './compare';
import { MalformedCase, NotSupported } from './errors';
import type { Feeds } from './machine';
import { attentionOptions, mamba2Options, mambaOptions, mlpOptions } from './mixer-options';
import { isInteger, type Options } from './options';

export interface CaseModel {
  readonly model: Model;
  /** Their name of each of our parameters: the MLP behind a mixer is a layer of its own here. */
  readonly theirs: ReadonlyMap<string, string>;
  readonly vocab_size: number;
}

/**
 * Reads the keys that all `*.lm*` targets share.
 * @param cacheLength positions that attention must keep while decoding
 */
export function caseModel(
  goldenCase: GoldenCase,
  options: Options,
  length: number,
  cacheLength?: number,
): CaseModel {
  options.informative(
    'batch',
    'length',
    'padded_vocab',
    'pad_vocab_size_multiple',
    'd_intermediate',
    'd_model',
  );
  options.irrelevant('residual_in_fp32', 'fused_add_norm');
  const n_layer = options.size('n_layer');
  if (options.boolean('rms_norm') === false) throw new NotSupported('hyperparameter rms_norm: false');
  const attentionAt = new Set(options.list('attn_layer_idx', isInteger) ?? []);
  const attentionKeys = options.nested('attn_cfg');
  const block = options.nested('ssm_cfg');
  const kind = block.word('layer', ['Mamba1', 'Mamba2']) ?? 'Mamba1';
  const tied = options.boolean('tie_embeddings') ?? !goldenCase.has('param.lm_head.weight');
  const [rows, d_model] = goldenCase.shape('param.backbone.embedding.weight', 2) as [number, number];
  const vocab_size = options.integer('vocab_size') ?? rows;
  if (vocab_size > rows)
    throw new MalformedCase(`vocab_size ${vocab_size} exceeds the embedding's ${rows} rows`);

  const layers: { mixer: string; [option: string]: unknown }[] = [];
  const places: [ours: string, theirs: string][] = [];
  const place = (layer: (typeof layers)[number], norm: string, mixer: string): void => {
    const prefix = `backbone.layers.${layers.length}`;
    places.push([`${prefix}.norm.`, norm], [`${prefix}.mixer.`, mixer]);
    layers.push(layer);
  };
  for (let i = 0; i < n_layer; i++) {
    const theirs = `backbone.layers.${i}.`;
    const prefix = `param.${theirs}mixer.`;
    if (attentionAt.has(i)) {
      const attention = attentionOptions(goldenCase, prefix, attentionKeys);
      place({ mixer: 'attention', ...attention }, `${theirs}norm.`, `${theirs}mixer.`);
    } else {
      const read = kind === 'Mamba1' ? mambaOptions : mamba2Options;
      const mixer = kind === 'Mamba1' ? 'mamba' : 'mamba2';
      place({ mixer, ...read(goldenCase, prefix, block) }, `${theirs}norm.`, `${theirs}mixer.`);
    }
    if (goldenCase.has(`param.${theirs}mlp.fc1.weight`)) {
      place(
        { mixer: 'mlp', ...mlpOptions(goldenCase, `param.${theirs}mlp.`) },
        `${theirs}norm2.`,
        `${theirs}mlp.`,
      );
    }
  }
  if (attentionAt.size > 0) attentionKeys.finish();
  if (attentionAt.size < n_layer) block.finish();
  const model = build(() =>
    buildModel({
      model: { d_model, layers, norm: 'rms', norm_eps: 1e-5, tie_embeddings: tied, vocab_size: rows },
      task: { type: 'language-model' },
      data: { length, input: { kind: 'tokens', vocab_size: rows }, target: { kind: 'next-token' } },
      ...(cacheLength === undefined ? {} : { cacheLength }),
    }),
  );
  const theirs = new Map<string, string>();
  for (const [name, { shape }] of model.parameters) {
    const [ours, original] = places.find(([prefix]) => name.startsWith(prefix)) ?? ['', ''];
    theirs.set(name, original + name.slice(ours.length));
    const found = goldenCase.tensor(`param.${theirs.get(name)}`).shape;
    if (found.join() !== shape.join()) {
      throw new MalformedCase(
        `param.${theirs.get(name)} has shape [${found.join()}], expected [${shape.join()}]`,
      );
    }
  }
  return { model, theirs, vocab_size };
}

/** The stored values under our names. */
export function caseParameters(goldenCase: GoldenCase, { theirs }: CaseModel): Feeds {
  return Object.fromEntries([...theirs].map(([ours, name]) => [ours, goldenCase.tensor(`param.${name}`)]));
}

/** Token ids, checked against the rows of the embedding. */
export function caseIds(goldenCase: GoldenCase, name: string, rank: number, rows: number) {
  const shape = goldenCase.shape(name, rank);
  const { values } = goldenCase.tensor(name);
  const wrong = values.find((id) => !Number.isInteger(id) || id < 0 || id >= rows);
  if (wrong !== undefined)
    throw new MalformedCase(`${name} has the id ${wrong}, but there are ${rows} tokens`);
  return { shape, values };
}

/** Positions offset … offset + count - 1 of every row of ids (rows, length), as (rows, count). */
export function columnsOf(ids: ArrayLike<number>, length: number, offset: number, count: number): Actual {
  const rows = ids.length / length;
  const values = Int32Array.from({ length: rows * count }, (_, i) => {
    return ids[Math.floor(i / count) * length + offset + (i % count)]!;
  });
  return { shape: [rows, count], values };
}

function build(make: () => Model): Model {
  try {
    return make();
  } catch (error) {
    throw new MalformedCase(`the hyperparameters make no model: ${(error as Error).message}`);
  }
}
