/** @file `check`: validates configs without running anything. */
import { Option, type Command } from 'commander';
import { formatJson, formatText, hasErrors, resolveFile } from '../../language';
import { EXIT, Exit } from '../errors';

export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('Validate configs without running them.')
    .argument('<file...>', '*.ssm.yaml files')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(async (files: string[], { format }: { format: 'text' | 'json' }) => {
      const diagnostics = [];
      for (const file of files) diagnostics.push(...(await resolveFile(file)).diagnostics);
      process.stdout.write(format === 'json' ? formatJson(diagnostics) : formatText(diagnostics, files));
      if (hasErrors(diagnostics)) throw new Exit(EXIT.error);
    });
}
