/** @file The command line `ssm-studio`: its commands, and how it ends. */
import { Command, CommanderError } from 'commander';
import { registerBench } from './commands/bench';
import { registerCheck } from './commands/check';
import { registerEval } from './commands/eval';
import { registerExport } from './commands/export';
import { registerGenerate } from './commands/generate';
import { registerGolden } from './commands/golden';
import { registerInfo } from './commands/info';
import { registerInspect } from './commands/inspect';
import { registerLogits } from './commands/logits';
import { registerLsp } from './commands/lsp';
import { registerPlayground } from './commands/playground';
import { registerRank } from './commands/rank';
import { registerTokenizer } from './commands/tokenizer';
import { registerSweep } from './commands/sweep';
import { registerInstallCuda } from './commands/install-cuda';
import { registerProfile } from './commands/profile';
import { registerTrain } from './commands/train';
import { describe, EXIT, Exit, UsageError } from './errors';
import { installation } from './root';

const COMMANDS = [
  registerCheck,
  registerTrain,
  registerSweep,
  registerEval,
  registerExport,
  registerGenerate,
  registerLogits,
  registerRank,
  registerPlayground,
  registerInspect,
  registerGolden,
  registerBench,
  registerTokenizer,
  registerProfile,
  registerInstallCuda,
  registerInfo,
  registerLsp,
];

/** The program, without effects until it parses. */
export function createProgram(): Command {
  const program = new Command('ssm-studio')
    .description('Train and look into state space models.')
    .version(installation().version)
    .option('--verbose', 'print the stack of an error')
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();
  for (const register of COMMANDS) register(program);
  return program;
}

/** Runs a command line, without the program's own name; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const verbose = argv.includes('--verbose') || (process.env['DEBUG'] ?? '') !== '';
  try {
    await createProgram().parseAsync(
      argv.filter((argument) => argument !== '--verbose'),
      { from: 'user' },
    );
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`${describe(error, verbose)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.error;
  }
}
