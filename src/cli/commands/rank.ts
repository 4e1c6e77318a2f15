/** @file `rank`: which continuation a language model finds likeliest. */
import type { Command } from 'commander';
import { UsageError } from '../errors';
import { collect, positiveInteger, toJson } from '../options';
import { openTarget } from '../target';
import { codecOf } from '../text';

interface Options {
  readonly context: string;
  readonly candidate?: readonly string[];
  readonly perToken?: boolean;
  readonly tokenizer?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

export function registerRank(program: Command): void {
  program
    .command('rank')
    .description('Order continuations by how likely the model finds them; the context is read once.')
    .argument('<checkpoint>', 'run folder, checkpoint folder or file')
    .requiredOption('--context <text>', 'what comes before')
    .option('--candidate <text>', 'a continuation; give several', collect)
    .option('--per-token', 'rank by the mean over tokens, so that length does not count')
    .option('--tokenizer <file>', 'tokenizer.json, where the checkpoint has none')
    .option('--threads <n>', 'threads', positiveInteger)
    .option('--json', 'print JSON')
    .action(async (path: string, options: Options) => {
      const texts = options.candidate ?? [];
      if (texts.length < 2) throw new UsageError('Give at least two --candidate texts.');
      const target = await openTarget(path, { data: 'labels' });
      const codec = await codecOf(target.model, target.data, options.tokenizer ?? target.tokenizer);
      const { Decoder, rank } = await import('../../runtime/generate');
      const { defaultThreads } = await import('../../runtime/devices');
      const decoder = await Decoder.open(target.model, target.parameters, {
        threads: options.threads ?? defaultThreads(),
      });
      try {
        const candidates = texts.map((text) => codec.encode(text));
        const found = await rank(decoder, codec.encode(options.context), candidates, options);
        const rows = found.map(({ index, ...rest }) => ({ candidate: texts[index], index, ...rest }));
        if (options.json === true) process.stdout.write(`${toJson(rows)}\n`);
        else
          for (const { candidate, logprob } of rows)
            process.stdout.write(`${logprob.toFixed(3)}\t${candidate}\n`);
      } finally {
        await decoder.release();
      }
    });
}
