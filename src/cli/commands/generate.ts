/** @file `generate`: continue prompts token by token. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type {
  ConstraintFactory,
  DecoderOptions,
  GeneratedBatch,
  GenerateOptions,
} from '../../runtime/generate';
import { UsageError } from '../errors';
import {
  bitsOption,
  collect,
  collectText,
  idList,
  naturalNumber,
  numberFrom,
  positiveInteger,
  toJson,
} from '../options';
import { openTarget, type Target } from '../target';
import { codecOf, type Codec } from '../text';

interface Options {
  readonly prompt?: readonly string[];
  readonly ids?: number[];
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly seed: number;
  readonly stop?: readonly string[];
  readonly regex?: string;
  readonly jsonSchema?: string;
  readonly alternatives: number;
  readonly draft: number;
  readonly bits?: 4 | 8;
  readonly tokenizer?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .description('Continue prompts with a language model.')
    .argument('<checkpoint>', 'run folder, checkpoint folder or file')
    .option('--prompt <text>', 'text to continue; several are continued side by side', collect)
    .option('--ids <ids>', 'token ids to continue, for example 1,2,3', idList)
    .option('--max-tokens <n>', 'new tokens', positiveInteger, 100)
    .option('--temperature <t>', '0 takes the likeliest token', numberFrom(0), 1)
    .option('--top-k <k>', 'only the k likeliest tokens; 0 for all', naturalNumber, 0)
    .option('--top-p <p>', 'only the likeliest tokens of this total probability', numberFrom(0, 1), 1)
    .option(
      '--min-p <p>',
      'only tokens of this share of the likeliest one’s probability',
      numberFrom(0, 1),
      0,
    )
    .option(
      '--repetition-penalty <r>',
      'makes tokens that occurred less likely; 1 does nothing',
      numberFrom(0.01),
      1,
    )
    .option('--seed <s>', 'seed of the draws', naturalNumber, 0)
    .option('--stop <text>', 'ends before this text; may be given several times', collectText)
    .option('--regex <pattern>', 'the new text has to match this regular expression as a whole')
    .option('--json-schema <file>', 'the new text has to be JSON of this schema')
    .option('--alternatives <n>', 'with --json, the n likeliest tokens at every place', naturalNumber, 0)
    .option(
      '--draft <n>',
      'guess and check n tokens per pass; the same result for greedy decoding',
      naturalNumber,
      0,
    )
    .option('--bits <n>', 'weights of the projections in 8 or 4 bits', bitsOption)
    .option('--tokenizer <file>', 'tokenizer.json, where the checkpoint has none')
    .option('--threads <n>', 'threads', positiveInteger)
    .option('--json', 'print JSON')
    .action(run);
}

async function run(path: string, options: Options): Promise<void> {
  if ((options.prompt === undefined) === (options.ids === undefined)) {
    throw new UsageError('Give either --prompt or --ids.');
  }
  const target = await openTarget(path, {
    cacheLength: promptLength(options) + options.maxTokens,
    data: 'labels',
    bits: options.bits,
    onMessage: (text) => void process.stderr.write(`${text}\n`),
  });
  const { model, parameters, data } = target;
  if (model.task.type !== 'language-model') {
    throw new UsageError(`Only language models generate; the task of this model is ${model.task.type}.`);
  }
  const codec = await codecOf(model, data, options.tokenizer ?? target.tokenizer);
  const prompts = options.ids ? [options.ids] : options.prompt!.map((prompt) => codec.encode(prompt));
  const { Decoder, generate, speculationProblem, vocabularyOf } = await import('../../runtime/generate');
  const { defaultThreads } = await import('../../runtime/devices');
  const shared: DecoderOptions = {
    threads: options.threads ?? defaultThreads(),
    ...(options.bits === undefined ? {} : { bits: options.bits }),
    ...(target.weights && { weights: target.weights }),
  };
  const alone = prompts.length === 1;
  const decoder = await Decoder.open(model, parameters, { ...shared, batch: prompts.length });
  const single = alone ? decoder : await Decoder.open(model, parameters, shared);
  try {
    const end = target.end ?? (codec.tokenizer?.endOfText === undefined ? [] : [codec.tokenizer.endOfText]);
    const factory = await constraintOf(options, codec, vocabularyOf(decoder), end);
    const settings: GenerateOptions = {
      ...options,
      // Ids in, ids out: nothing ends before its length.
      ...(options.ids ? {} : { end }),
      ...(options.stop === undefined
        ? {}
        : { stopped: (ids) => stopAt(codec.decode(ids.slice(-64)), options.stop!) >= 0 }),
      ...(factory ? { constraint: () => factory.start() } : {}),
    };
    if (options.draft > 0) {
      const problem = speculationProblem(decoder, settings);
      if (problem !== undefined) throw new UsageError(`--draft cannot be used: ${problem}`);
    }
    const streams = prompts.map(() => codec.stream());
    const streaming = options.json !== true && prompts.length === 1;
    let written = '';
    const found = await generate(
      decoder,
      prompts,
      settings,
      ({ id }, sequence) => {
        if (!streaming) return;
        written += streams[sequence]!(id);
        // What may be the beginning of a stop text is held back.
        const safe =
          written.length - (options.stop ? Math.max(...options.stop.map(({ length }) => length)) : 0);
        if (safe > 0 && stopAt(written, options.stop ?? []) < 0) {
          process.stdout.write(written.slice(0, safe));
          written = written.slice(safe);
        }
      },
      single,
    );
    if (streaming) process.stdout.write(`${cut(written, options.stop)}\n`);
    else print(found, prompts, options, codec, target);
  } finally {
    await decoder.release();
    if (single !== decoder) await single.release();
  }
}

function print(
  { sequences, tokens_per_second, prompt_seconds, accepted }: GeneratedBatch,
  prompts: readonly (readonly number[])[],
  options: Options,
  codec: Codec,
  { model }: Target,
): void {
  const texts = sequences.map(({ ids }) => cut(codec.decode(ids), options.stop));
  if (options.json !== true) {
    for (const [index, text] of texts.entries()) {
      process.stdout.write(`${index > 0 ? '\n' : ''}--- ${options.prompt![index]}\n${text}\n`);
    }
    return;
  }
  const facts = {
    tokens_per_second,
    prompt_seconds,
    state_bytes: model.layers.reduce((bytes, _, layer) => bytes + (model.stateBytes(layer) ?? 0), 0),
    ...(accepted === undefined ? {} : { accepted }),
  };
  const bodies = sequences.map((sequence, index) => ({
    ...sequence,
    text: texts[index],
    prompt: prompts[index],
  }));
  process.stdout.write(
    `${toJson(bodies.length === 1 ? { ...bodies[0], ...facts } : { sequences: bodies, ...facts })}\n`,
  );
}

/** Where the first of the texts begins; −1 when none occurs. */
const stopAt = (text: string, stops: readonly string[]): number =>
  stops
    .map((stop) => text.indexOf(stop))
    .filter((at) => at >= 0)
    .reduce((first, at) => (first < 0 ? at : Math.min(first, at)), -1);

function cut(text: string, stops: readonly string[] = []): string {
  const at = stopAt(text, stops);
  return at < 0 ? text : text.slice(0, at);
}

async function constraintOf(
  { regex, jsonSchema }: Options,
  { tokenizer }: Codec,
  vocabulary: number,
  end: readonly number[],
): Promise<ConstraintFactory | undefined> {
  if (regex === undefined && jsonSchema === undefined) return undefined;
  if (regex !== undefined && jsonSchema !== undefined)
    throw new UsageError('Give either --regex or --json-schema.');
  if (!tokenizer)
    throw new UsageError('This vocabulary has no text form, so the text cannot be constrained.');
  const { ConstraintError, ConstraintFactory: Factory, patternOf } = await import('../../runtime/generate');
  try {
    const source = regex !== undefined ? { regex } : { schema: await readSchema(jsonSchema!) };
    return new Factory(patternOf(source), tokenizer, vocabulary, end);
  } catch (error) {
    throw error instanceof ConstraintError ? new UsageError(error.message) : error;
  }
}

async function readSchema(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} is no JSON Schema that can be read: ${(error as Error).message}`);
  }
}

/** Tokens of the longest prompt, or a bound on them: no vocabulary has more tokens than bytes. */
const promptLength = ({ prompt = [], ids }: Options): number =>
  ids?.length ?? Math.max(...prompt.map((text) => Buffer.byteLength(text) + 8));
