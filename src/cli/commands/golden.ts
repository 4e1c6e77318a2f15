/** @file `golden`: the authors' numbers against ours. */
import type { Command } from 'commander';
import { EXIT, Exit } from '../errors';

export function registerGolden(program: Command): void {
  program
    .command('golden')
    .description('Run golden cases: a case folder each, or a folder of cases.')
    .argument('<dir...>', 'folders')
    .option('--device <device>', 'cpu, webgpu or reference (float64)', 'cpu')
    .option('--json', 'print JSON')
    .action(async (folders: string[], { device, json }: { device: string; json?: boolean }) => {
      const { formatGoldenReport, runGolden } = await import('../../golden');
      const report = await runGolden(folders, { device });
      process.stdout.write(`${formatGoldenReport(report, json === true ? 'json' : 'text').trimEnd()}\n`);
      if (report.exitCode !== EXIT.ok) throw new Exit(report.exitCode);
    });
}
