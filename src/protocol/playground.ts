/**
 * @file What the playground's process is asked and answers (JSON-RPC over its standard input and output), and the
 * words that its panel shares with it. Every message is checked where it arrives.
 */
import * as z from 'zod';

/** Alternatives that are told with each token. */
export const ALTERNATIVES = 10;
/** New tokens per request. */
export const MAX_TOKENS = 4096;
/** Tokens between the prompt and the place where a branch goes on. */
export const MAX_PATH = 16_384;

const share = z.number().min(0).max(1);
const id = z.int().min(0).max(0xff_ff_ff);
/** Natural logarithm of a probability. */
const logprob = z.number().max(1e-3);

/** How tokens are drawn, and where a text ends. */
export const settingsSchema = z.strictObject({
  /** 0 takes the likeliest token. */
  temperature: z.number().min(0).max(100),
  /** Only the k likeliest tokens; 0 for all. */
  topK: z.int().min(0).max(1_000_000),
  topP: share,
  minP: share,
  /** 1 does nothing. */
  repetitionPenalty: z.number().min(0.01).max(100),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  maxTokens: z.int().min(1).max(MAX_TOKENS),
  /** A text ends where one of these is complete. */
  stop: z.array(z.string().min(1).max(200)).max(16),
  /** What the whole new text has to be: a regular expression, or the text of a JSON Schema. */
  constraint: z.strictObject({ kind: z.enum(['regex', 'schema']), text: z.string().max(200_000) }).optional(),
});
export type Settings = z.output<typeof settingsSchema>;

export const alternativeSchema = z.strictObject({
  id,
  /** One readable sign; white space and bytes are written out. */
  label: z.string().max(1000),
  logprob,
});
export type Alternative = z.output<typeof alternativeSchema>;

export const tokenSchema = z.strictObject({
  ...alternativeSchema.shape,
  /** What it adds to the text; empty while the bytes of a character are not complete. */
  text: z.string().max(1000),
  /** 1 for the likeliest token. */
  rank: z.int().min(1),
  /** Of the distribution that it was drawn from, before any cut, bits. */
  entropy: z.number().min(-1e-3),
  /** Likeliest first. */
  alternatives: z.array(alternativeSchema).max(ALTERNATIVES),
});
export type Token = z.output<typeof tokenSchema>;

export const finishSchema = z.enum(['length', 'end', 'stop', 'constraint', 'stopped']);
export type Finish = z.output<typeof finishSchema>;

/** Bits of the projections' weights while tokens are drawn; prompts are read in 32. */
export const weightBitsSchema = z.literal([32, 8, 4]);
export type WeightBits = z.output<typeof weightBitsSchema>;

export const factsSchema = z.strictObject({
  /** Numbers that were trained. */
  parameters: z.int().min(0),
  /** Layers per mixer. */
  layers: z.record(z.string(), z.int()),
  /** Ids that mean something. */
  vocabulary: z.int().min(1),
  /** How a prompt is written: as text, or as signs of the vocabulary with spaces between them. */
  prompt: z.enum(['text', 'signs']),
  /** Some of the signs, for help. */
  signs: z.array(z.string().max(1000)).max(12).optional(),
  bits: weightBitsSchema,
  /** Bytes that the process holds with the model open, measured. */
  memory: z.number().min(0),
  /** Bytes that are remembered of a text, whatever its length. */
  stateBytes: z.number().min(0),
  /** Tokens that the layers can hold; absent where there is no limit. */
  context: z.int().optional(),
  /** Step of the checkpoint, for a run. */
  step: z.int().min(0).optional(),
});
export type Facts = z.output<typeof factsSchema>;

export const generateSchema = z.strictObject({
  prompt: z.string().max(1_000_000),
  /** Ids behind the prompt, where a branch goes on. */
  path: z.array(id).max(MAX_PATH),
  settings: settingsSchema,
});
export type GenerateRequest = z.output<typeof generateSchema>;

export const encodeSchema = z.strictObject({ prompt: generateSchema.shape.prompt });
export const encodedSchema = z.strictObject({ ids: z.array(id) });

/** How a request got to where it began. */
export const beginningSchema = z.strictObject({
  promptTokens: z.int().min(1),
  /** Tokens of the prompt that were read; 0 where its state was kept. */
  read: z.int().min(0),
  /** Tokens behind the prompt that were stepped through again, from the nearest state that was kept. */
  repeated: z.int().min(0),
  /** Seconds for both. */
  seconds: z.number().min(0),
  /** What the last id of the path adds to the text. */
  text: z.string().max(1000),
});
export type Beginning = z.output<typeof beginningSchema>;

/** States that are kept for branching. */
export const keptSchema = z.strictObject({
  states: z.int().min(0),
  bytes: z.number().min(0),
  /** A state is kept behind every token whose number this divides. */
  every: z.int().min(1),
});
export type Kept = z.output<typeof keptSchema>;

export const resultSchema = z.strictObject({
  finish: finishSchema,
  tokens: z.int().min(0),
  /** Seconds of the decoding steps alone. */
  seconds: z.number().min(0),
  kept: keptSchema,
});
export type Result = z.output<typeof resultSchema>;

/** Tokens of the request in progress, `from` the first of them. */
export const tokensSchema = z.strictObject({ from: z.int().min(0), tokens: z.array(tokenSchema) });
