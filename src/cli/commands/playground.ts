/** @file `playground --stdio`: keeps a language model open for the playground of an editor. */
import type { Command } from 'commander';
import type { Dataset } from '../../data/define';
import type { Model } from '../../models';
import type { Facts } from '../../protocol/playground';
import type { PlaygroundCodec } from '../../runtime/playground/serve';
import { UsageError } from '../errors';
import { bitsOption, positiveInteger } from '../options';
import { openTarget } from '../target';
import { codecOf, type Codec } from '../text';

/** Tokens that attention layers without a window hold while decoding. */
const CONTEXT = 2048;
/** Signs that are named in a message or for help. */
const NAMED = 12;

interface Options {
  readonly stdio?: boolean;
  readonly tokenizer?: string;
  readonly threads?: number;
  readonly bits?: 8 | 4;
}

export function registerPlayground(program: Command): void {
  program
    .command('playground')
    .description('Keep a language model open for the playground of an editor (JSON-RPC).')
    .argument('<checkpoint>', 'run folder, checkpoint folder or file')
    .option('--stdio', 'speak over standard input and output')
    .option('--tokenizer <file>', 'tokenizer.json, where the checkpoint has none')
    .option('--threads <n>', 'threads', positiveInteger)
    .option('--bits <n>', 'weights of the projections in 8 or 4 bits', bitsOption)
    .action(run);
}

async function run(path: string, { stdio, tokenizer, threads, bits }: Options): Promise<void> {
  if (stdio !== true) throw new UsageError('The playground speaks over --stdio only.');
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  const target = await openTarget(path, { cacheLength: CONTEXT, data: 'labels', bits, onMessage: note });
  const { model, parameters, data } = target;
  if (model.task.type !== 'language-model')
    throw new UsageError(
      `Only language models continue texts; the task of this model is ${model.task.type}. Inspect Scan shows what it does.`,
    );
  const codec = await codecOf(model, data, tokenizer ?? target.tokenizer);
  const [{ Decoder, vocabularyOf }, { servePlayground }, { defaultThreads }] = await Promise.all([
    import('../../runtime/generate'),
    import('../../runtime/playground/serve'),
    import('../../runtime/devices'),
  ]);
  const decoder = await Decoder.open(model, parameters, {
    threads: threads ?? defaultThreads(),
    ...(bits === undefined ? {} : { bits }),
    ...(target.weights && { weights: target.weights }),
  });
  const vocabulary = vocabularyOf(decoder);
  const end = target.end ?? (codec.tokenizer?.endOfText === undefined ? [] : [codec.tokenizer.endOfText]);
  try {
    await servePlayground(process.stdin, process.stdout, {
      decoder,
      codec: codec.tokenizer ? codec : signs(codec, vocabulary),
      end,
      facts: {
        ...factsOf(model, data, codec, vocabulary),
        bits: bits ?? 32,
        memory: process.memoryUsage().rss,
        stateBytes: decoder.stateBytes,
        ...(target.step === undefined ? {} : { step: target.step }),
      },
    });
  } finally {
    await decoder.release();
  }
}

function factsOf(
  model: Model,
  data: Dataset | undefined,
  { tokenizer, label }: Codec,
  vocabulary: number,
): Omit<Facts, 'stateBytes' | 'bits' | 'memory'> {
  const holds = Object.entries(model.states(1)).some(
    ([name, shape]) => name.endsWith('.key') && shape.includes(CONTEXT),
  );
  const some = Array.from({ length: Math.min(NAMED, vocabulary) }, (_, id) => label(id));
  return {
    parameters: model.parameterCount,
    layers: model.mixers,
    vocabulary,
    prompt: tokenizer ? 'text' : 'signs',
    ...(tokenizer ? {} : { signs: data ? some : ['0', '1', '2'] }),
    ...(holds ? { context: CONTEXT } : {}),
  };
}

/** A vocabulary without text: signs, or ids, with spaces between them. */
function signs(codec: Codec, vocabulary: number): PlaygroundCodec {
  const ids = new Map<string, number>();
  for (let id = vocabulary - 1; id >= 0; id--) ids.set(codec.label(id), id);
  return {
    ...codec,
    encode: (text) =>
      text
        .split(/[\s,]+/)
        .filter((word) => word !== '')
        .map((word) => {
          const id = ids.get(word) ?? (/^\d{1,8}$/.test(word) ? Number(word) : vocabulary);
          if (id >= vocabulary) throw new UsageError(unknown(word, [...ids.keys()].toReversed(), vocabulary));
          return id;
        }),
  };
}

const unknown = (word: string, known: readonly string[], vocabulary: number): string =>
  `“${word.slice(0, 40)}” is no sign of this vocabulary. Write signs with spaces between them (${known
    .slice(0, NAMED)
    .join(' ')}${known.length > NAMED ? ' …' : ''}) or ids from 0 to ${vocabulary - 1}.`;
