/** @file Messages of the Curves panel. */
import * as z from 'zod';
import type { PackedColumn } from './columns';
import { copySchema, exportSchema, numbersSchema, panelErrorSchema } from './view';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const runStatusSchema = z.enum(['running', 'finished', 'stopped', 'failed', 'interrupted']);

/** A run without its rows. */
export const runMetaSchema = z.strictObject({
  /** The key of the run: its folder. */
  id: z.string(),
  name: z.string(),
  /** What somebody called it. */
  label: z.string().optional(),
  tags: z.array(z.string()).optional(),
  /** Stem of the config's file name. */
  config: z.string(),
  /** Equal for runs that differ only in the seed. */
  group: z.string(),
  /** Place in the run palette, kept by the host; 12 and more have no colour of their own. */
  palette: z.int().min(0),
  status: runStatusSchema,
  /** `queued`, `compiling`, … of a live run without values. */
  phase: z.string().optional(),
  seed: scalar,
  steps: z.int().min(0).optional(),
  /** The resolved config, flattened to short keys (`d_state`, `lr`); without the seed. */
  keys: z.record(z.string(), scalar),
  parameters: z.number().optional(),
  device: z.string().optional(),
  /** Milliseconds since 1970. */
  started: z.number().optional(),
  ended: z.number().optional(),
  /** When the last row came, by the host's clock. */
  lastWrite: z.number().optional(),
  error: z.string().optional(),
  checkpoints: z.array(z.number()),
  /** Lines of the metrics file that could not be read. */
  skippedLines: z.int().min(0).optional(),
});
export type RunMeta = z.output<typeof runMetaSchema>;

export const runEventSchema = z.strictObject({
  step: z.number(),
  event: z.string(),
  note: z.string().optional(),
});

/** As in `columns.ts`. */
const columnSchema = z.union([
  numbersSchema,
  z.strictObject({ start: z.number(), stride: z.number() }),
]) satisfies z.ZodType<PackedColumn>;

/** Rows that one run has gained. */
export const rowsSchema = z.strictObject({
  id: z.string(),
  /** Forget what came before: a resume dropped rows. */
  reset: z.boolean(),
  tables: z.record(
    z.string(),
    z.strictObject({ count: z.int().min(0), columns: z.record(z.string(), columnSchema) }),
  ),
  /** All events so far, when they changed. */
  events: z.array(runEventSchema).optional(),
});
export type Rows = z.output<typeof rowsSchema>;

export const toCurvesSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('runs'),
    runs: z.array(runMetaSchema),
    /** Group to show first. */
    focused: z.string().optional(),
    /** Name of the config that an empty panel offers to train. */
    trainable: z.string().optional(),
    /** The host's clock. */
    now: z.number(),
  }),
  z.strictObject({
    type: z.literal('rows'),
    runs: z.array(rowsSchema),
    now: z.number(),
    /** Rows still to come of those already on disk. */
    pending: z.int().min(0),
  }),
  z.strictObject({ type: z.literal('focus'), run: z.string() }),
]);
export type ToCurves = z.output<typeof toCurvesSchema>;

export const fromCurvesSchema = z.discriminatedUnion('type', [
  /** The panel is empty and wants all runs and rows. */
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({
    type: z.literal('run-command'),
    command: z.enum(['stop', 'resume', 'inspect', 'open-config', 'reveal']),
    run: z.string(),
  }),
  z.strictObject({
    type: z.literal('command'),
    command: z.enum(['train', 'open-folder', 'template', 'log']),
  }),
  exportSchema,
  copySchema,
  panelErrorSchema,
]);
export type FromCurves = z.output<typeof fromCurvesSchema>;

/** What survives a reload: kept by the panel, read back by it and by the host. */
export const curvesStateSchema = z.object({
  version: z.literal(1),
  /** Run folders that the host re-opens. */
  runs: z.array(z.string()).catch([]),
  /** Config or `all`: which panel this is. */
  panel: z.string(),
  axis: z.enum(['step', 'time', 'tokens', 'flops']).catch('step'),
  smoothing: z.number().min(0).max(0.999).catch(0.9),
  oneSided: z.boolean().catch(false),
  logY: z.boolean().catch(true),
  envelope: z.boolean().catch(true),
  clipOutliers: z.boolean().catch(false),
  zoom: z.tuple([z.number(), z.number()]).nullable().catch(null),
  yZoom: z.tuple([z.number(), z.number()]).nullable().catch(null),
  hidden: z.array(z.string()).catch([]),
  focused: z.string().nullable().catch(null),
  pinned: z.number().nullable().catch(null),
  filter: z.string().catch(''),
  sort: z.strictObject({ key: z.string(), descending: z.boolean() }).nullable().catch(null),
  charts: z.array(z.string()).catch([]),
  table: z.boolean().catch(false),
  /** Charts of all other metrics are shown. */
  more: z.boolean().catch(false),
  view: z.enum(['curves', 'sweep']).catch('curves'),
  /** `config` colours by what differs, anything else by that key. */
  colourBy: z.string().catch('config'),
  target: z.enum(['loss', 'accuracy', 'time']).catch('loss'),
  /** Places on the axes of a sweep, from 0 to 1. */
  brushes: z.record(z.string(), z.tuple([z.number(), z.number()])).catch({}),
  axisOrder: z.array(z.string()).catch([]),
});
export type CurvesState = z.output<typeof curvesStateSchema>;
