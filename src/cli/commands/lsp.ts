/** @file `lsp --stdio`: the language server for any editor. */
import type { Command } from 'commander';
import { UsageError } from '../errors';

export function registerLsp(program: Command): void {
  program
    .command('lsp')
    .description('Run the language server.')
    .option('--stdio', 'speak over standard input and output')
    .action(async ({ stdio }: { stdio?: boolean }) => {
      if (stdio !== true) throw new UsageError('The language server speaks over --stdio only.');
      const { startServer } = await import('../../../language-server/server');
      await startServer();
    });
}
