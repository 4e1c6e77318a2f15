/** @file state.json of a checkpoint: where the run stood, and what its files must hash to. */
import * as z from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const stateSchema = z.object({
  format: z.literal(1),
  /** Finished optimiser steps. */
  step: z.int().min(0),
  /** Micro-batches drawn; the next one has this number. */
  cursor: z.int().min(0),
  /** Counters of the random streams; all are functions of seed and step, so the seed is enough. */
  generator: z.object({ seed: z.int().min(0) }),
  config_hash: z.string(),
  data_hash: z.string(),
  device: z.string(),
  threads: z.int().min(1),
  tokens: z.number().min(0),
  flops: z.number().min(0),
  seconds: z.number().min(0),
  /** Steps of mixed precision that overflowed and changed nothing; they do not count as updates. */
  skipped: z.int().min(0).default(0),
  /** Factor on the loss in mixed precision, and steps since it changed. */
  loss_scale: z.object({ value: z.number().positive(), since: z.int().min(0) }).optional(),
  /** Evaluation of the validation split at this very step, if there was one. */
  evaluation: z.object({ loss: z.number(), accuracy: z.number().optional() }).optional(),
  /** Parameters in the order of the optimiser's memory. */
  parameters: z.array(z.string()),
  /** SHA-256 of every other file of the checkpoint. */
  files: z.record(z.string(), sha256),
});

export type TrainingState = z.output<typeof stateSchema>;
