/** @file One zod schema of a whole config, composed from the mixers, data sets and sections. */
import * as z from 'zod';
import {
  deviceSchema,
  evalSchema,
  modelFields,
  placeFields,
  taskSchema,
  trainSchema,
} from '../../models/config';
import type { RunConfig } from '../../models/config';
import { usualSymbols } from '../model/pattern';
import type { Registry } from '../registry';

const repeat = z
  .int()
  .positive()
  .optional()
  .describe(
    'How often this item stands in the stack; every copy has parameters of its own unless it says `share`.',
  );

/** Layouts of Waleffe et al. (2024): 8B and 800M, about 43 % Mamba-2, 7 % attention and 50 % MLP. */
const patterns = [
  'M-M*-M-',
  'M-M-M--M-M*-M-M-M-M--M*-M-M-M-M-M*--M-M-M-M-M*-M--M-M-M-',
  'M-M-M--M-*M-M-M-M--*M-M-M-M-*M--M-M-M-*M-M--M-M-',
];

type Variant = z.ZodObject & z.core.$ZodTypeDiscriminable;

/** `{mixer: NAME, …options, repeat?, share?, …}` for every mixer. */
function mixerItems(registry: Registry): Variant[] {
  return Object.values(registry.mixers).map(
    (layer) =>
      z
        .strictObject({
          mixer: z.literal(layer.name).describe('What mixes the positions or channels in this layer.'),
          ...layer.options.shape,
          repeat,
          ...placeFields,
        })
        .describe(layer.summary) as unknown as Variant,
  );
}

function dataItems(registry: Registry): Variant[] {
  return Object.values(registry.datasets).map(
    (data) =>
      z
        .strictObject({ type: z.literal(data.name).describe('Which data set.'), ...data.options.shape })
        .describe(data.summary) as unknown as Variant,
  );
}

function union(key: string, variants: Variant[]): z.ZodType {
  const [first, ...rest] = variants;
  if (!first) return z.never();
  return z.discriminatedUnion(key, [first, ...rest]);
}

export function composeSchema(registry: Registry): z.ZodObject {
  const mixerItem = union('mixer', mixerItems(registry));
  const blockItem = z.strictObject({
    get block(): z.ZodArray {
      return z.array(layerItem).min(1).describe('Layers that belong together and are repeated as one.');
    },
    repeat,
  });
  const layerItem: z.ZodType = z
    .union([mixerItem, blockItem])
    .describe('One layer: a mixer with its options, or a block of layers.');

  return z.strictObject({
    extends: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Config that this one is laid over: a file, from the folder of this one, or a preset such as mamba-130m.',
      )
      .meta({ path: 'config' }),
    data: union('type', dataItems(registry)).describe(
      'What is learnt from: the name of a data set, or its options.',
    ),
    task: taskSchema
      .optional()
      .describe('What is predicted and how it is scored; the data decides unless given.'),
    model: z
      .strictObject({
        d_model: modelFields.d_model,
        layers: z
          .array(layerItem)
          .min(1)
          .describe('The stack from input to output. Each mixer is one residual layer, x + mixer(norm(x)).'),
        pattern: z
          .union([z.string(), z.array(z.string())])
          .optional()
          .describe(
            'Instead of `layers`: a symbol for every residual layer, as a text or a list. `M` is Mamba-2, `*` ' +
              'attention, `-` an MLP; others are said under `symbols`, and a list takes names of mixers too. Quote it.',
          )
          .meta({ suggestions: patterns }),
        symbols: z
          .record(z.string(), mixerItem)
          .optional()
          .describe('What the symbols of `pattern` stand for: a mixer with its options each.')
          .meta({ keys: Object.keys(usualSymbols) }),
        norm: modelFields.norm,
        norm_position: modelFields.norm_position,
        embed_dropout: modelFields.embed_dropout,
        resid_dropout: modelFields.resid_dropout,
        tie_dropout: modelFields.tie_dropout,
        norm_eps: modelFields.norm_eps,
        tie_embeddings: modelFields.tie_embeddings,
        embed_scale: modelFields.embed_scale,
        logit_scale: modelFields.logit_scale,
        vocab_size: modelFields.vocab_size,
        lora: modelFields.lora,
      })
      .describe('The network.'),
    train: trainSchema.prefault({}).describe('How it is trained.'),
    eval: evalSchema.prefault({}).describe('How often and on how much it is evaluated.'),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(0)
      .describe('Decides initial weights and the order of the data; the same seed gives the same run.'),
    device: deviceSchema,
    sweep: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'Paths and the values to try at each: a list, or a range such as `{log: [1e-4, 1e-2], count: 4}`.',
      ),
  });
}

/** What the schema gives, before `task` is filled in from the data. */
export type Parsed = Omit<RunConfig, 'task'> & Partial<Pick<RunConfig, 'task'>>;
