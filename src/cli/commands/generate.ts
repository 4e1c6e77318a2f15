/** @file `generate`: continue a prompt token by token. */
import type { Command } from 'commander';
import { UsageError } from '../errors';
import { idList, naturalNumber, numberFrom, positiveInteger, toJson } from '../options';
import { openTarget } from '../target';
import { codecOf } from '../text';

interface GenerateOptions {
  readonly prompt?: string;
  readonly ids?: number[];
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: number;
  readonly threads?: number;
  readonly json?: boolean;
}

export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .description('Continue a prompt with a trained language model.')
    .argument('<checkpoint>', 'run folder, checkpoint folder or model.safetensors')
    .option('--prompt <text>', 'text to continue')
    .option('--ids <ids>', 'token ids to continue, for example 1,2,3', idList)
    .option('--max-tokens <n>', 'new tokens', positiveInteger, 100)
    .option('--temperature <t>', '0 takes the likeliest token', numberFrom(0), 1)
    .option('--top-k <k>', 'only the k likeliest tokens; 0 for all', naturalNumber, 0)
    .option('--top-p <p>', 'only the likeliest tokens of this total probability', numberFrom(0, 1), 1)
    .option('--seed <s>', 'seed of the draws', naturalNumber, 0)
    .option('--threads <n>', 'threads', positiveInteger)
    .option('--json', 'print JSON')
    .action(runGenerate);
}

async function runGenerate(path: string, options: GenerateOptions): Promise<void> {
  if ((options.prompt === undefined) === (options.ids === undefined)) {
    throw new UsageError('Give either --prompt or --ids.');
  }
  const { model, parameters, data } = await openTarget(path, {
    cacheLength: promptLength(options) + options.maxTokens,
  });
  if (model.task.type !== 'language-model') {
    throw new UsageError(`Only language models generate; the task of this model is ${model.task.type}.`);
  }
  const codec = codecOf(model, data);
  const prompt = options.ids ?? codec.encode(options.prompt!);
  const { Decoder, generate } = await import('../../runtime/generate');
  const { defaultThreads } = await import('../../runtime/devices');
  const decoder = await Decoder.open(model, parameters, { threads: options.threads ?? defaultThreads() });
  const streaming = codec.stream();
  try {
    const found = await generate(decoder, prompt, options, (id) => {
      if (options.json !== true) process.stdout.write(streaming(id));
    });
    if (options.json === true) {
      const { ids, tokens_per_second } = found;
      process.stdout.write(`${toJson({ ids, text: codec.decode(ids), tokens_per_second, prompt })}\n`);
    } else process.stdout.write('\n');
  } finally {
    await decoder.release();
  }
}

/** Tokens of the prompt, or a bound on them: no vocabulary has more tokens than bytes. */
const promptLength = ({ prompt, ids }: GenerateOptions): number =>
  ids?.length ?? Buffer.byteLength(prompt ?? '');
