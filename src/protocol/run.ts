/**
 * @file The files of a run folder, as schemas and types: run.json and the rows of metrics.jsonl.
 *
 * Unknown keys are kept, so that an older version can show the run of a newer one.
 */
import * as z from 'zod';

export const RUN_FILE = 'run.json';
export const CONFIG_FILE = 'config.ssm.yaml';
export const METRICS_FILE = 'metrics.jsonl';

/** A `running` run whose heartbeat is older than this is dead, ms. */
export const HEARTBEAT_LIMIT = 60_000;

const timestamp = z.iso.datetime({ offset: true }).describe('ISO 8601');

/** What run.json itself may say. That a run was interrupted cannot be written; see `RunStatus`. */
export const writtenStatus = z.enum(['running', 'finished', 'stopped', 'failed']);

export const endpointSchema = z.object({
  /** Path of the socket, or name of the pipe. */
  path: z.string().min(1),
  /** Shown by a client in its first message. */
  token: z.string().min(1),
});

export const runInfoSchema = z.looseObject({
  id: z.string().min(1),
  name: z.string(),
  status: writtenStatus,
  /** Process that trains or trained last, on `host`. */
  pid: z.int().min(0),
  host: z.string(),
  heartbeat: timestamp,
  started: timestamp,
  ended: timestamp.optional(),
  device: z.string(),
  threads: z.int().min(0),
  /** Versions of this product, Node.js and onnxruntime. */
  versions: z.record(z.string(), z.string()),
  config_hash: z.string(),
  data_hash: z.string(),
  /** Number of trained values. */
  parameters: z.int().min(0),
  /** Where the process listens while it runs. */
  endpoint: endpointSchema.optional(),
  /** Why the run failed, in one sentence or more. */
  error: z.string().optional(),
  /** Optimiser steps that the config asks for. */
  steps: z.int().min(0).optional(),
  /** What the model is trained for: `language-model`, `answer`, …; absent in runs of older versions. */
  task: z.string().optional(),
  /** Absolute path of the config that the run was started from. */
  config: z.string().optional(),
});

export type RunInfo = z.output<typeof runInfoSchema>;
export type WrittenStatus = z.output<typeof writtenStatus>;
/** What a run is seen to be; `interrupted` is a `running` run whose process is gone. */
export type RunStatus = WrittenStatus | 'interrupted';

/** JSON has no word for these; rows carry them as strings. */
const nonFinite = z.enum(['NaN', 'Infinity', '-Infinity']);
const number = z.union([z.number(), nonFinite]);
const step = z.int().min(0);

/** Resident bytes of the run's process, and the most that they ever were; absent in runs of older versions. */
const memory = { memory: number.optional(), memory_peak: number.optional() };

/** After an optimiser step. Totals count from step 0, over resumes. */
export const stepRowSchema = z.looseObject({
  /** Finished optimiser steps, from 1. */
  step,
  /** Mean training loss of the step's batch, nats. */
  loss: number,
  lr: number,
  /** Global 2-norm before clipping. */
  grad_norm: number,
  tokens: number,
  flops: number,
  seconds: number,
  ...memory,
});

/** After an evaluation; further values of `eval` are metrics of their own. */
export const evalRowSchema = z.looseObject({
  step,
  eval: z.looseObject({ split: z.string(), loss: number, accuracy: number.optional() }),
  ...memory,
});

/** Whether a metric of an evaluation is about one layer, for example `layers.0.rms`: many, and for curves. */
export const isOfLayer = (metric: string): boolean => metric.startsWith('layers.');

/** Something that happened: resume (`from`), lr (`before`, `after`: the rate that a resume changed), checkpoint (`path`), stop, finish, pause, continue, non-finite, … */
export const eventRowSchema = z.looseObject({
  step,
  event: z.string(),
  /** Of a resume: rows before it with a greater step no longer count. */
  from: step.optional(),
});

export const metricsRowSchema = z.union([evalRowSchema, eventRowSchema, stepRowSchema]);

/** One line of metrics.jsonl without its end; non-finite numbers become strings at any depth. */
export function stringifyRow(row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(row, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

/** A number of a row; undefined when `value` is none. */
export function rowNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  return undefined;
}
