/** @file Messages of the Playground panel, and what of it survives a reload. */
import * as z from 'zod';
import {
  alternativeSchema,
  beginningSchema,
  factsSchema,
  finishSchema,
  generateSchema,
  resultSchema,
  settingsSchema,
  tokenSchema,
  tokensSchema,
  weightBitsSchema,
} from './playground';
import { copySchema, exportSchema, panelErrorSchema } from './view';

/** Number of a request, counted by the panel. */
const request = z.int().min(0);

export const toPlaygroundSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('target'),
    /** Shown in the header: run or checkpoint. */
    name: z.string(),
    /** Whether it is a run, which has curves. */
    run: z.boolean(),
    /** The request that the host knows of, finished or not. */
    request: request.nullable(),
  }),
  /** The model is open. */
  z.strictObject({ type: z.literal('opened'), facts: factsSchema }),
  z.strictObject({ type: z.literal('began'), request, beginning: beginningSchema }),
  z.strictObject({ type: z.literal('tokens'), request, ...tokensSchema.shape }),
  z.strictObject({ type: z.literal('finished'), request, result: resultSchema }),
  /** Without a request the model could not be opened, or its process has ended. */
  z.strictObject({ type: z.literal('failed'), request: request.nullable(), message: z.string() }),
  /** A newer checkpoint exists. */
  z.strictObject({ type: z.literal('newer'), step: z.number().optional() }),
]);
export type ToPlayground = z.output<typeof toPlaygroundSchema>;

export const fromPlaygroundSchema = z.discriminatedUnion('type', [
  /** `bits`: of a panel that was open before. */
  z.strictObject({ type: z.literal('ready'), bits: weightBitsSchema.optional() }),
  /** Open the model again with weights of so many bits. */
  z.strictObject({ type: z.literal('weights'), bits: weightBitsSchema }),
  z.strictObject({ type: z.literal('generate'), request, ...generateSchema.shape }),
  z.strictObject({ type: z.literal('stop') }),
  z.strictObject({
    type: z.literal('command'),
    command: z.enum(['log', 'curves', 'fine-tune', 'reopen']),
  }),
  /** Look at what the layers do with a text. */
  z.strictObject({ type: z.literal('scan'), ...generateSchema.omit({ settings: true }).shape }),
  exportSchema,
  copySchema,
  panelErrorSchema,
]);
export type FromPlayground = z.output<typeof fromPlaygroundSchema>;

/** A token as it is stored: the panel's state is written often, so names are left out. */
const storedToken = z.tuple([
  tokenSchema.shape.id,
  tokenSchema.shape.label,
  tokenSchema.shape.text,
  tokenSchema.shape.logprob,
  tokenSchema.shape.rank,
  tokenSchema.shape.entropy,
  z.array(
    z.tuple([alternativeSchema.shape.id, alternativeSchema.shape.label, alternativeSchema.shape.logprob]),
  ),
]);

const storedBranch = z.object({
  id: z.int().min(1),
  /** Branch that it leaves, and behind how many of its tokens. */
  parent: z.int().min(1).nullable(),
  at: z.int().min(0),
  prompt: z.string(),
  /** The user's choice at `at`, instead of the model's. */
  chosen: z.boolean(),
  tokens: z.array(storedToken),
  settings: settingsSchema,
  finish: finishSchema.nullable(),
  /** Tokens drawn and seconds that it took. */
  drawn: z.int().min(0),
  seconds: z.number().min(0),
});
export type StoredBranch = z.output<typeof storedBranch>;

/** The controls as they are typed. */
export const controlsSchema = z.object({
  greedy: z.boolean().catch(false),
  temperature: z.string().catch('0.8'),
  topK: z.string().catch('0'),
  topP: z.string().catch('0.95'),
  minP: z.string().catch('0'),
  repetitionPenalty: z.string().catch('1'),
  seed: z.string().catch('0'),
  maxTokens: z.string().catch('100'),
  /** One text per line. */
  stop: z.string().catch(''),
  constraint: z.enum(['none', 'schema', 'regex']).catch('none'),
  schema: z.string().catch(''),
  regex: z.string().catch(''),
});
export type Controls = z.output<typeof controlsSchema>;

export const playgroundStateSchema = z.object({
  version: z.literal(1),
  /** Run folder or checkpoint. */
  target: z.string(),
  prompt: z.string().catch(''),
  controls: controlsSchema.catch(controlsSchema.parse({})),
  branches: z.array(storedBranch).catch([]),
  branch: z.int().min(1).nullable().catch(null),
  /** Token that is looked at, counted over the whole branch. */
  position: z.int().min(0).nullable().catch(null),
  /** Request without an end, and the branch that it continues. */
  running: z
    .object({ request, branch: z.int().min(1), from: z.int().min(0) })
    .nullable()
    .catch(null),
  request: request.catch(0),
  bits: weightBitsSchema.catch(32),
  coloured: z.boolean().catch(true),
  table: z.boolean().catch(false),
  /** Whether stop texts and constraint are shown. */
  more: z.boolean().catch(false),
});
export type PlaygroundState = z.output<typeof playgroundStateSchema>;
