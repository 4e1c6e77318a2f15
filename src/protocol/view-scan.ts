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
});
export type Probe = z.output<typeof probeSchema>;

const answerToken = z.strictObject({
  label: z.string(),
  id: z.int().optional(),
  position: z.int().optional(),
  probability: z.number().optional(),
});

/** One layer on one example. */
export const inspectionSchema = z.strictObject({
  layer: z.int().min(0),
  mixer: z.string(),
  layers: z.array(z.strictObject({ index: z.int().min(0), mixer: z.string() })).min(1),
  /** Step of the checkpoint; absent for a model that is not trained. */
  step: z.number().optional(),
  example: z.int().min(0).optional(),
  examples: z.int().min(0).optional(),
  vocabulary: z.array(z.string()).optional(),
  tokens: z.array(z.strictObject({ id: z.int().optional(), label: z.string() })),
  target: answerToken.optional(),
  prediction: answerToken.optional(),
  probes: z.record(z.string(), probeSchema),
});
export type Inspection = z.output<typeof inspectionSchema>;

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
  }),
  z.strictObject({ type: z.literal('inspection'), request: z.int(), inspection: inspectionSchema }),
  z.strictObject({ type: z.literal('failed'), request: z.int(), message: z.string() }),
  /** A newer checkpoint exists. */
  z.strictObject({ type: z.literal('newer'), step: z.number().optional() }),
]);
export type ToScan = z.output<typeof toScanSchema>;

export const fromScanSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('inspect'), request: z.int(), ...requestSchema.shape }),
  z.strictObject({ type: z.literal('command'), command: z.enum(['log', 'train', 'curves']) }),
  exportSchema,
  copySchema,
  panelErrorSchema,
]);
export type FromScan = z.output<typeof fromScanSchema>;

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
  /** What the heat map by channel shows. */
  quantity: z.enum(['output', 'delta', 'norm', 'gate', 'x']).catch('output'),
  zoom: z.tuple([z.number(), z.number()]).nullable().catch(null),
  /** Rows that are off by default and switched on, and the other way round. */
  rows: z.record(z.string(), z.boolean()).catch({}),
  table: z.string().nullable().catch(null),
});
export type ScanState = z.output<typeof scanStateSchema>;
