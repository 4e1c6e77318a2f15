/** @file Messages of the Scan panel, and the answer of `inspect` as the panel takes it. */
import * as z from 'zod';
import { copySchema, exportSchema, panelErrorSchema } from './view';

/** Values of one probe, flat, outermost axis first. */
export const probeSchema = z.strictObject({
  shape: z.array(z.int().min(0)),
  /** Names of the axes: `time`, `channel`, `head`, `group`, `state`, … */
  axes: z.array(z.string()),
  data: z.instanceof(Float32Array),
  unit: z.string(),
  sign: z.enum(['positive', 'signed']),
  description: z.string().optional(),
  /** What the entries of an axis are, where they are not 0, 1, 2, … */
  labels: z.record(z.string(), z.array(z.union([z.string(), z.number()]))).optional(),
});
export type Probe = z.output<typeof probeSchema>;

const answerToken = z.strictObject({
  label: z.string(),
  id: z.int().optional(),
  position: z.int().optional(),
  probability: z.number().optional(),
});

/** What the example is. */
const exampleFields = {
  layers: z.array(z.strictObject({ index: z.int().min(0), mixer: z.string() })).min(1),
  /** Step of the checkpoint; absent for a model that is not trained. */
  step: z.number().optional(),
  example: z.int().min(0).optional(),
  examples: z.int().min(0).optional(),
  vocabulary: z.array(z.string()).optional(),
  tokens: z.array(z.strictObject({ id: z.int().optional(), label: z.string() })),
  target: answerToken.optional(),
};

/** The picture that the tokens were read from. */
const imageSchema = z.strictObject({
  /** Of tokens. */
  rows: z.int().min(1),
  columns: z.int().min(1),
  width: z.int().min(1),
  height: z.int().min(1),
  channels: z.int().min(1),
  /** 0 … 255, row by row, channels side by side. */
  data: z.instanceof(Uint8Array),
});
export type Picture = z.output<typeof imageSchema>;

/** One layer on one example. */
export const inspectionSchema = z.strictObject({
  layer: z.int().min(0),
  mixer: z.string(),
  ...exampleFields,
  prediction: answerToken.optional(),
  /** −log p of every token given the ones before, nats; for language models. */
  surprise: z.instanceof(Float32Array).optional(),
  image: imageSchema.optional(),
  probes: z.record(z.string(), probeSchema),
});
export type Inspection = z.output<typeof inspectionSchema>;

export const layerSurveySchema = z.strictObject({
  layer: z.int().min(0),
  mixer: z.string(),
  kind: z.enum(['scan', 'quasiseparable', 'matrix', 'filter', 'product', 'attention']).optional(),
  causal: z.boolean().optional(),
  count: z.int().optional(),
  axis: z.enum(['channel', 'head']).optional(),
  edges: z.array(z.int()).optional(),
  sampled: z.int().optional(),
  probes: z.record(z.string(), probeSchema),
});
export type LayerSurvey = z.output<typeof layerSurveySchema>;

/** All layers on one example, in sizes that a view can hold. */
export const surveySchema = z.strictObject({ ...exampleFields, surveys: z.array(layerSurveySchema) });
export type Survey = z.output<typeof surveySchema>;

/** One probe of training: all layers on a fixed example at a step. */
export const frameSchema = z.strictObject({
  step: z.number(),
  loss: z.number().optional(),
  /** Of the target at the last scored position. */
  probability: z.number().optional(),
  surveys: z.array(layerSurveySchema),
});
export type Frame = z.output<typeof frameSchema>;

const requestSchema = z.strictObject({
  layer: z.int().min(0).optional(),
  example: z.int().min(0).optional(),
  ids: z.array(z.int().min(0)).min(1).max(16_384).optional(),
});
export type InspectRequest = z.output<typeof requestSchema>;

export const toScanSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('target'),
    /** Shown in the header: run and checkpoint, or the config. */
    name: z.string(),
    trained: z.boolean(),
    layer: z.int().min(0).optional(),
    /** Tokens that were asked for from elsewhere. */
    ids: z.array(z.int().min(0)).min(1).max(16_384).optional(),
  }),
  z.strictObject({ type: z.literal('inspection'), request: z.int(), inspection: inspectionSchema }),
  z.strictObject({ type: z.literal('survey'), request: z.int(), survey: surveySchema }),
  /** The run or checkpoint that was picked to stand beside this one. */
  z.strictObject({ type: z.literal('picked'), target: z.string(), name: z.string() }),
  /** Arrays of one analysis of a layer. */
  z.strictObject({
    type: z.literal('analysis'),
    request: z.int(),
    name: z.string(),
    layer: z.int().min(0),
    arrays: z.record(z.string(), probeSchema),
  }),
  /** Probes of training that exist, and the loss by step. */
  z.strictObject({
    type: z.literal('replay'),
    frames: z.array(frameSchema),
    tokens: z.array(z.string()),
    losses: z.array(z.tuple([z.number(), z.number()])),
  }),
  z.strictObject({ type: z.literal('failed'), request: z.int(), message: z.string() }),
  /** Bytes of the answer that have come so far, where it takes a while. */
  z.strictObject({ type: z.literal('progress'), request: z.int(), bytes: z.int().min(0) }),
  /** Whether the run, checkpoint or config still exists; told when that changes. */
  z.strictObject({ type: z.literal('presence'), present: z.boolean() }),
  /** A newer checkpoint exists. */
  z.strictObject({ type: z.literal('newer'), step: z.number().optional() }),
]);
export type ToScan = z.output<typeof toScanSchema>;

export const fromScanSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('inspect'), request: z.int(), ...requestSchema.shape }),
  z.strictObject({
    type: z.literal('survey'),
    request: z.int(),
    /** Another run or checkpoint than the panel's. */
    target: z.string().max(4096).optional(),
    ...requestSchema.omit({ layer: true }).shape,
  }),
  /** Asks the host which run or checkpoint should stand beside this one. */
  z.strictObject({ type: z.literal('pick') }),
  z.strictObject({
    type: z.literal('analyse'),
    request: z.int(),
    name: z.string().regex(/^[a-z0-9_]{1,64}$/),
    /** Another run or checkpoint than the panel's. */
    target: z.string().max(4096).optional(),
    /** Channel or head of which a matrix is asked for. */
    channel: z.int().min(0).optional(),
    ...requestSchema.shape,
  }),
  z.strictObject({ type: z.literal('replay') }),
  /** Ends whatever is being computed for the panel. */
  z.strictObject({ type: z.literal('cancel') }),
  z.strictObject({ type: z.literal('command'), command: z.enum(['log', 'train', 'curves', 'other']) }),
  exportSchema,
  copySchema,
  panelErrorSchema,
]);
export type FromScan = z.output<typeof fromScanSchema>;

export const views = ['sequence', 'memory', 'attention', 'kernel', 'order', 'training'] as const;
export type ViewName = (typeof views)[number];

export const scanStateSchema = z.object({
  version: z.literal(1),
  /** Run folder or config. */
  target: z.string(),
  layer: z.int().min(0).nullable().catch(null),
  example: z.int().min(0).catch(0),
  ids: z.array(z.int().min(0)).nullable().catch(null),
  /** Channel that the user chose; null follows the strongest. */
  channel: z.int().min(0).nullable().catch(null),
  position: z.int().min(0).nullable().catch(null),
  speed: z.number().catch(4),
  /** Which scan of a bidirectional layer the playhead follows. */
  direction: z.enum(['forward', 'backward']).catch('forward'),
  /** What the heat map by channel shows. */
  quantity: z.enum(['output', 'delta', 'norm', 'gate', 'x']).catch('output'),
  zoom: z.tuple([z.number(), z.number()]).nullable().catch(null),
  /** Rows that are off by default and switched on, and the other way round. */
  rows: z.record(z.string(), z.boolean()).catch({}),
  table: z.string().nullable().catch(null),
  view: z.enum(views).catch('sequence'),
  /** The other token: the one that is read. */
  source: z.int().min(0).nullable().catch(null),
  /** Channel or head whose matrix is chosen; null is the mean. */
  matrix: z.int().min(0).nullable().catch(null),
  measure: z.enum(['entries', 'contribution']).catch('entries'),
  scale: z.enum(['matrix', 'layer']).catch('matrix'),
  /** The part of the large matrices that is shown, in positions. */
  window: z
    .object({ query: z.number().min(0), key: z.number().min(0), size: z.number().positive() })
    .nullable()
    .catch(null),
  /** What stands beside the chosen matrix: another one, or that of a run or checkpoint (`target`). */
  pin: z
    .object({
      target: z.string().nullable(),
      name: z.string(),
      layer: z.int().min(0),
      matrix: z.int().min(0).nullable(),
      follows: z.boolean(),
    })
    .nullable()
    .catch(null),
  overlay: z.enum(['contribution', 'write', 'surprise']).catch('contribution'),
  mode: z.int().min(0).nullable().catch(null),
  compare: z.enum(['initial', 'none']).catch('initial'),
  order: z
    .object({
      system: z.string(),
      rows: z.int().min(1).max(64),
      columns: z.int().min(1).max(64),
      step: z.int().min(0),
      token: z.int().min(0),
      index: z.boolean(),
      image: z.boolean().optional(),
    })
    .catch({ system: 'ss2d', rows: 8, columns: 8, step: 0, token: 27, index: false }),
  /** Step of training that the replay shows; null is the last. */
  frame: z.number().nullable().catch(null),
  frames: z.enum(['change', 'steps']).catch('change'),
});
export type ScanState = z.output<typeof scanStateSchema>;
