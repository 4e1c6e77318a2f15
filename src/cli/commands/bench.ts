/** @file `bench`: ours against peers, in turns. */
import { Option, type Command } from 'commander';
import { UsageError } from '../errors';

export function registerBench(program: Command): void {
  program
    .command('bench')
    .description('Time ours against peers on this machine, in turns; the ratio is what counts.')
    .argument('[name...]', 'benchmarks, all unless given')
    .option('--json', 'print JSON')
    .addOption(new Option('--child <name>', 'answer to a parent that measures this process').hideHelp())
    .action(async (names: string[], { json, child }: { json?: boolean; child?: string }) => {
      const { benches, formatResult, runBenches, runChild } = await import('../../../bench');
      if (child !== undefined) return runChild(child);
      const known = new Set(benches.map(({ name }) => name));
      const unknown = names.find((name) => !known.has(name));
      if (unknown !== undefined) {
        throw new UsageError(`There is no benchmark “${unknown}”. There are: ${[...known].join(', ')}.`);
      }
      const results = await runBenches(names, (result) => {
        if (json !== true) process.stdout.write(`${formatResult(result)}\n`);
      });
      if (json === true) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
    });
}
