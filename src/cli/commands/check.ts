/** @file `check`: validates configs without running anything. */
import { Option, type Command } from 'commander';
import { formatJson, formatText, hasErrors, resolveFile, stackCosts } from '../../language';
import { EXIT, Exit } from '../errors';

export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('Validate configs without running them.')
    .argument('<file...>', '*.ssm.yaml files')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(async (files: string[], { format }: { format: 'text' | 'json' }) => {
      const diagnostics = [];
      for (const file of files) {
        const { diagnostics: found, analysis } = await resolveFile(file);
        diagnostics.push(...found);
        if (format === 'json' || analysis === undefined || hasErrors(found)) continue;
        const costs = stackCosts(analysis);
        if (costs !== undefined) process.stdout.write(`${file}: ${costs}.\n`);
      }
      process.stdout.write(format === 'json' ? formatJson(diagnostics) : formatText(diagnostics, files));
      if (hasErrors(diagnostics)) throw new Exit(EXIT.error);
    });
}
