/**
 * @file The playground's process: a model that is kept open and continues texts on request. Whoever started it speaks
 * JSON-RPC over two streams and ends it by closing them.
 */
import type { Readable, Writable } from 'node:stream';
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import {
  ALTERNATIVES,
  encodeSchema,
  generateSchema,
  type Facts,
  type GenerateRequest,
  type Result,
  type Settings,
  type Token,
} from '../../protocol/playground';
import type * as z from 'zod';
import type { Tokenizer } from '../../tokenizers';
import { ConstraintError, ConstraintFactory, patternOf, vocabularyOf, type Decoder } from '../generate';
import { Explorer, type ExploreOptions, type Step } from './explorer';
import { methods } from './rpc';
import { StopTexts } from './stop-texts';

/** Milliseconds that tokens wait to be told together. */
const TELL_MS = 50;

/** Text to ids and back. */
export interface PlaygroundCodec {
  /** @throws Error for a prompt that the vocabulary cannot express */
  encode(text: string): number[];
  /** One readable sign for one id. */
  label(id: number): string;
  /** Text of one token after the other; bytes of one character are held back until it is whole. */
  stream(): (id: number) => string;
  /** Absent where the vocabulary has no text form. */
  readonly tokenizer?: Tokenizer;
}

export interface Served {
  readonly decoder: Decoder;
  readonly codec: PlaygroundCodec;
  /** Ids that end a text. */
  readonly end: readonly number[];
  readonly facts: Facts;
}

/** Resolves when the streams are closed. */
export function servePlayground(input: Readable, output: Writable, served: Served): Promise<void> {
  const connection = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
  const explorer = new Explorer(served.decoder);
  let busy = false;
  let stopping = false;
  connection.onRequest(methods.facts, () => served.facts);
  connection.onRequest(methods.encode, (raw) => {
    const { prompt } = read(encodeSchema, raw);
    return { ids: served.codec.encode(prompt) };
  });
  connection.onNotification(methods.stop, () => {
    stopping = true;
  });
  connection.onRequest(methods.generate, async (raw) => {
    const request = read(generateSchema, raw);
    if (busy) throw new ResponseError(ErrorCodes.InvalidRequest, 'A text is being generated; stop it first.');
    busy = true;
    stopping = false;
    try {
      return await generate(request);
    } catch (error) {
      throw new ResponseError(
        ErrorCodes.InternalError,
        error instanceof Error ? error.message : String(error),
      );
    } finally {
      busy = false;
    }
  });

  async function generate({ prompt, path, settings }: GenerateRequest): Promise<Result> {
    const { codec, facts } = served;
    if (prompt.length === 0) throw new Error('Write a prompt first: the text is continued from there.');
    const ids = codec.encode(prompt);
    const { context } = facts;
    const length = ids.length + path.length + settings.maxTokens;
    if (context !== undefined && length > context)
      throw new Error(
        `Its attention layers hold ${context} tokens here, and this needs up to ${length}: shorten the prompt or generate fewer tokens.`,
      );
    const stream = codec.stream();
    const before = path.map(stream);
    const stops = new StopTexts(settings.stop, before.join(''));
    const options = optionsOf(settings, served);
    let waiting: Token[] = [];
    let told = 0;
    let last = performance.now();
    const tell = async (): Promise<void> => {
      if (waiting.length === 0) return;
      const tokens = waiting;
      waiting = [];
      last = performance.now();
      await connection.sendNotification(methods.tokens, { from: told, tokens });
      told += tokens.length;
    };
    const label = (id: number): string => codec.label(id);
    const take = (step: Step): boolean => {
      const text = stream(step.id);
      const alternatives = step.alternatives.map((each) => ({ ...each, label: label(each.id) }));
      waiting.push({ ...step, label: label(step.id), text, alternatives });
      if (performance.now() - last >= TELL_MS) void tell();
      return stops.ended(text);
    };
    try {
      const explored = await explorer.generate(ids, path, options, {
        began: (how) =>
          connection.sendNotification(methods.began, {
            promptTokens: ids.length,
            ...how,
            text: before.at(-1) ?? '',
          }),
        step: take,
        stopping: () => stopping,
      });
      return { ...explored, kept: explorer.kept };
    } finally {
      await tell();
    }
  }

  return new Promise((resolve) => {
    connection.onClose(resolve);
    input.once('end', resolve);
    connection.listen();
  });
}

/** @throws ResponseError that says what does not fit */
function read<T>(schema: z.ZodType<T>, raw: unknown): T {
  const found = schema.safeParse(raw);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw new ResponseError(ErrorCodes.InvalidParams, `${issue!.path.join('.')}: ${issue!.message}`);
}

/** @throws Error when the constraint cannot be used here */
function optionsOf(settings: Settings, { decoder, codec, end }: Served): ExploreOptions {
  const { constraint, stop: _, ...rest } = settings;
  const options = { ...rest, end, alternatives: ALTERNATIVES };
  if (!constraint || constraint.text.trim() === '') return options;
  if (!codec.tokenizer)
    throw new Error('This vocabulary has no text form, so the text cannot be constrained.');
  const factory = new ConstraintFactory(
    patternOf(
      constraint.kind === 'regex' ? { regex: constraint.text } : { schema: schemaOf(constraint.text) },
    ),
    codec.tokenizer,
    vocabularyOf(decoder),
    end,
  );
  return { ...options, constraint: () => factory.start() };
}

function schemaOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConstraintError(`The JSON Schema is no JSON: ${(error as Error).message}`);
  }
}
