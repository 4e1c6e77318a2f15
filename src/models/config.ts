/**
 * @file The sections of a config that describe model and training, as schemas and as the resolved types that
 * the runtime takes. Layer items are checked by the mixers' own definitions; see `src/language`.
 */
import * as z from 'zod';
import { dropoutRate } from '../layers/parts/dropout';
import { optimizerSchema } from '../optimizer/config';
import { ModelError } from './types';

const step = z.int().positive();

export const modelFields = {
  d_model: z.int().positive().describe('Width of the residual stream.').meta({ symbol: 'D' }),
  norm: z
    .enum(['rms', 'layer', 'batch'])
    .default('rms')
    .describe(
      'Normalisation of every mixer, and before the head. batch: every channel over the batch and the time in training, with running statistics otherwise; a causal model then sees a little of later tokens while it trains.',
    ),
  norm_position: z
    .enum(['pre', 'post'])
    .default('pre')
    .describe(
      'pre: x + mixer(norm(x)), and a norm before the head; post: norm(x + mixer(x)), and none before the head.',
    ),
  embed_dropout: dropoutRate('Share of the embedded input that is dropped in every training step.'),
  resid_dropout: dropoutRate(
    'Share of what a mixer adds to the residual stream that is dropped in every training step; not of layers that hold their residual themselves.',
  ),
  tie_dropout: z
    .boolean()
    .default(false)
    .describe('embed_dropout and resid_dropout drop the same channels at every time step.'),
  norm_eps: z
    .number()
    .positive()
    .default(1e-5)
    .describe('Added to the mean square or the variance before the root.'),
  tie_embeddings: z
    .boolean()
    .default(true)
    .describe(
      'The head uses the embedding matrix. Only for language models and answers over the input vocabulary.',
    ),
  embed_scale: z.number().optional().describe('Factor of the embedded input; 1 unless given.'),
  logit_scale: z.number().optional().describe('Factor of what the head gives; 1 unless given.'),
  vocab_size: z
    .int()
    .positive()
    .optional()
    .describe('Rows of the embedding; from the data unless given. Rows beyond the data are padding.'),
  lora: z
    .strictObject({
      rank: z
        .int()
        .positive()
        .max(4096)
        .default(8)
        .describe('Rank of the update B · A.')
        .meta({ symbol: 'r' }),
      alpha: z.number().positive().default(16).describe('The update is scaled by alpha / rank.'),
      targets: z
        .array(z.string().min(1))
        .min(1)
        .default(['in_proj', 'out_proj'])
        .describe('Linear maps of the layers that get an update, for example in_proj, x_proj, fc1.'),
    })
    .optional()
    .describe(
      'Trains a low-rank update of some linear maps and nothing else (Hu et al., 2022); usually with train.from.',
    ),
};

/** How a layer stands in the stack, whatever its mixer. */
export const placeFields = {
  share: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe(
      'A name: layers of the same name have one set of parameters, trained by all of them. They must be alike.',
    ),
  beside: z
    .boolean()
    .optional()
    .describe(
      'Side by side with the layer before: reads what that one read, behind the same norm, and adds to the same stream.',
    ),
  in_scale: z
    .number()
    .optional()
    .describe('Factor of what the mixer reads, behind the norm; 1 unless given.'),
  out_scale: z
    .number()
    .optional()
    .describe('Factor of what the mixer adds to the residual stream; 1 unless given.'),
};

/** Keys of a layer item that are no options of its mixer. */
export interface Place {
  readonly share?: string;
  readonly beside?: boolean;
  readonly in_scale?: number;
  readonly out_scale?: number;
}

export type LoraConfig = NonNullable<z.output<typeof modelFields.lora>>;

export const taskSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('language-model').describe('Predict the next token at every position.'),
  }),
  z.strictObject({
    type: z.literal('answer').describe('Predict tokens at the positions that the data marks.'),
  }),
  z.strictObject({
    type: z.literal('classification').describe('One class per sequence.'),
    pooling: z.enum(['mean', 'last']).default('mean').describe('How the positions become one vector.'),
  }),
  z.strictObject({
    type: z.literal('regression').describe('Predict numbers at the positions that the data marks.'),
    loss: z
      .enum(['mse', 'mae'])
      .default('mse')
      .describe('Mean squared or mean absolute error; both are reported.'),
  }),
]);

export const scheduleSchema = z.strictObject({
  name: z.enum(['constant', 'cosine', 'linear']).default('constant').describe('Shape after the warm-up.'),
  warmup: z.int().min(0).default(0).describe('Steps of linear warm-up from lr/warmup.'),
  min_lr: z.number().min(0).default(0).describe('Learning rate that cosine and linear end at.'),
});

export const trainSchema = z.strictObject({
  steps: step.default(1000).describe('Optimiser steps.'),
  from: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Checkpoint whose weights training starts from, from the folder of the config: a folder or a file of others, a run, or a checkpoint of one.',
    ),
  batch_size: z.int().positive().default(32).describe('Sequences per micro-batch.'),
  accumulate: z
    .int()
    .positive()
    .default(1)
    .describe('Micro-batches whose gradients are averaged in one step.'),
  clip: z.number().min(0).default(1.0).describe('Largest global gradient 2-norm; 0 switches clipping off.'),
  precision: z
    .enum(['fp32', 'fp16'])
    .default('fp32')
    .describe(
      'Of matrix products and what follows them. `fp16` is for GPUs: parameters, norms, scans and the loss stay ' +
        'fp32, and the loss is scaled so that small gradients survive.',
    ),
  activation_checkpointing: z
    .enum(['auto', 'none', 'blocks'])
    .default('auto')
    .describe(
      'Whether layers keep what the backward pass needs or, with `blocks`, compute it again: the same numbers, ' +
        'far less memory, about a third more time. `auto` does so where the memory of the machine, or of a GPU that ' +
        'tells how much it has, would not suffice.',
    ),
  optimizer: optimizerSchema.prefault({}).describe('Optimiser and its constants.'),
  schedule: scheduleSchema.prefault({}).describe('Learning rate over the steps.'),
  log_every: step.default(1).describe('Steps between rows of metrics.jsonl.'),
  probe_every: z
    .int()
    .min(0)
    .optional()
    .describe(
      'Steps between probes of training on one held-out example, for the replay; 0 takes none. Unless given, about 30 a run that take little of its time.',
    ),
  checkpoint_every: step
    .optional()
    .describe('Steps between checkpoints; unless given, 60 s or 500 steps, whichever comes first.'),
  keep: z.int().positive().default(3).describe('Checkpoints kept besides the best.'),
});

export const evalSchema = z.strictObject({
  every: step.default(100).describe('Steps between evaluations; the last step is always evaluated.'),
  examples: z
    .int()
    .positive()
    .default(256)
    .describe('Held-out examples per evaluation, at most all there are.'),
});

/** Devices by name; others are passed to the runtime where the platform has them. */
export const deviceSchema = z
  .enum(['auto', 'cpu', 'webgpu', 'cuda', 'directml', 'coreml'])
  .default('auto')
  .describe('Where the run computes.');

export type TaskConfig = z.output<typeof taskSchema>;
export type TrainConfig = z.output<typeof trainSchema>;
export type EvalConfig = z.output<typeof evalSchema>;
export type Device = z.output<typeof deviceSchema>;

/** A mixer item with all its options, `repeat` included where written. */
export interface MixerItem extends Place {
  readonly mixer: string;
  readonly repeat?: number;
  readonly [option: string]: unknown;
}
export interface BlockItem {
  readonly block: readonly LayerItem[];
  readonly repeat?: number;
}
export type LayerItem = MixerItem | BlockItem;

export interface ModelConfig {
  readonly d_model: number;
  readonly layers: readonly LayerItem[];
  readonly norm: 'rms' | 'layer' | 'batch';
  readonly norm_position?: 'pre' | 'post';
  readonly embed_dropout?: number;
  readonly resid_dropout?: number;
  readonly tie_dropout?: boolean;
  readonly norm_eps: number;
  readonly tie_embeddings: boolean;
  readonly embed_scale?: number | undefined;
  readonly logit_scale?: number | undefined;
  readonly vocab_size?: number;
  readonly lora?: LoraConfig | undefined;
}

/** One mixer of the expanded stack. */
export interface PlacedLayer {
  readonly index: number;
  readonly mixer: string;
  readonly place: Place;
  /** Options as the mixer's schema gives them, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where it is written: path from the config's root, for example `['model', 'layers', 0]`. */
  readonly path: readonly (string | number)[];
}

/** The resolved config: every default explicit. */
export interface RunConfig {
  readonly data: { readonly type: string; readonly [option: string]: unknown };
  readonly task: TaskConfig;
  readonly model: ModelConfig;
  readonly train: TrainConfig;
  readonly eval: EvalConfig;
  readonly seed: number;
  readonly device: Device;
}

/** An item without `repeat`, in its parts. */
export function itemParts(item: MixerItem): Pick<PlacedLayer, 'mixer' | 'place' | 'options'> {
  const { mixer, repeat: _repeat, ...rest } = item;
  const isPlace = ([key]: [string, unknown]): boolean => Object.hasOwn(placeFields, key);
  const entries = Object.entries(rest);
  return {
    mixer,
    place: Object.fromEntries(entries.filter(isPlace)),
    options: Object.fromEntries(entries.filter((entry) => !isPlace(entry))),
  };
}

/** Layers of a stack; no model has as many, and a config in a stranger's checkpoint could name any number. */
export const maxLayers = 10_000;

/**
 * The stack with `repeat` and `block` written out; layers are numbered in this order.
 * @throws ModelError when there are absurdly many
 */
export function expandLayers(items: readonly LayerItem[]): PlacedLayer[] {
  const placed: PlacedLayer[] = [];
  let rounds = 0;
  const visit = (list: readonly LayerItem[], path: readonly (string | number)[]): void => {
    list.forEach((item, position) => {
      const here = [...path, position];
      for (let round = 0; round < (item.repeat ?? 1); round++) {
        if (++rounds > maxLayers) {
          throw new ModelError(`The stack has more than ${maxLayers} layers.`, ['model', 'layers']);
        }
        if ('block' in item) {
          visit((item as BlockItem).block, [...here, 'block']);
        } else {
          placed.push({ index: placed.length, ...itemParts(item as MixerItem), path: here });
        }
      }
    });
  };
  visit(items, ['model', 'layers']);
  return placed;
}
