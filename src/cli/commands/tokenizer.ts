/** @file `tokenizer`: train a small BPE on text, and see what a tokenizer makes of a text. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { writeFileWhole, writeNewFile } from '../../util/whole-files';
import { UsageError } from '../errors';
import { positiveInteger, toJson } from '../options';

export function registerTokenizer(program: Command): void {
  const tokenizer = program.command('tokenizer').description('Train a tokenizer, or try one.');
  tokenizer
    .command('train')
    .description('Train byte-level BPE on text files and write a tokenizer.json.')
    .argument('<files...>', 'text files (UTF-8)')
    .requiredOption('--out <path>', 'the tokenizer.json to write')
    .option('--vocab-size <n>', 'tokens, bytes and end of text included', positiveInteger, 4096)
    .option('--min-frequency <n>', 'pairs that occur less often are not merged', positiveInteger, 2)
    .option('--force', 'replace the file where there is one')
    .action(train);
  tokenizer
    .command('encode')
    .description('Print the ids of a text.')
    .argument('<tokenizer>', 'tokenizer.json, or bytes')
    .argument('<text>', 'the text')
    .option('--json', 'print JSON')
    .action(async (path: string, text: string, { json }: { json?: boolean }) => {
      const { bytesTokenizer, openTokenizer } = await import('../../tokenizers');
      const found = path === 'bytes' ? bytesTokenizer : await openTokenizer(path);
      const ids = found.encode(text);
      const tokens = ids.map((id) => found.label(id));
      process.stdout.write(
        json === true ? `${toJson({ ids, tokens })}\n` : `${ids.join(',')}\n${tokens.join(' | ')}\n`,
      );
    });
}

async function train(
  files: readonly string[],
  options: { out: string; vocabSize: number; minFrequency: number; force?: boolean },
): Promise<void> {
  const { trainBpe } = await import('../../tokenizers');
  const texts: string[] = [];
  for (const file of files) {
    texts.push(
      await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`${file} cannot be read (${error.code ?? error.message}).`);
      }),
    );
  }
  const refused = `${options.out} cannot be written: there is one already; --force replaces it.`;
  if (options.force !== true && existsSync(options.out)) throw new UsageError(refused);
  const { file, vocabSize } = trainBpe(texts, options);
  const parts = [`${JSON.stringify(file, undefined, 1)}\n`];
  if (options.force === true) await writeFileWhole(options.out, parts);
  // Another may have written it while this one trained.
  else if (!(await writeNewFile(options.out, parts))) throw new UsageError(refused);
  const characters = texts.reduce((total, text) => total + text.length, 0);
  process.stdout.write(`${options.out}: ${vocabSize} tokens from ${characters} characters\n`);
}
