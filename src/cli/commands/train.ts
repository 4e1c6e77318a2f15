/** @file `train`: the process of a run. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { Device, RunConfig } from '../../models/config';
import { CONFIG_FILE, isOfLayer, RUN_FILE, stringifyRow } from '../../protocol/run';
import type { Evaluation } from '../../runtime/train/evaluate';
import { readConfig } from '../config';
import { EXIT, Exit, UsageError } from '../errors';
import { collect, positiveInteger } from '../options';
import { formatDuration, Progress } from '../progress';
import { bundledData, installation } from '../root';

interface TrainOptions {
  readonly device?: Device;
  readonly set?: readonly string[];
  readonly runDir?: string;
  readonly resume?: boolean;
  readonly threads?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function registerTrain(program: Command): void {
  program
    .command('train')
    .description('Train a config; the run folder keeps everything.')
    .argument('<file>', 'a *.ssm.yaml file')
    .addOption(
      new Option('--device <device>', 'where to compute').choices([
        'auto',
        'cpu',
        'webgpu',
        'cuda',
        'directml',
        'coreml',
      ]),
    )
    .option('--set <key=value>', 'change the config, for example train.steps=200; may be repeated', collect)
    .option('--run-dir <dir>', 'run folder (default: runs/<config>/<time> beside the config)')
    .option('--resume', 'continue the run in --run-dir')
    .option(
      '--threads <n>',
      'threads of the CPU (default: one per core, or one where a small model is as fast with it)',
      positiveInteger,
    )
    .addOption(new Option('--quiet', 'print nothing but errors').conflicts('json'))
    .option('--json', 'print the rows of metrics.jsonl')
    .action(runTrain);
}

async function runTrain(file: string, options: TrainOptions): Promise<void> {
  const { config, text } = await readConfig(file, options.set, { warnings: options.quiet !== true });
  const resume = options.resume === true ? await previousConfig(options.runDir) : undefined;
  const [{ train }, { RunControl }, { inspect }, { frameTaker }, { newRunDir }] = await Promise.all([
    import('../../runtime/train'),
    import('../../runtime/process/control'),
    import('../../inspect/inspect'),
    import('../../inspect/frame'),
    import('../../runs'),
  ]);
  const configPath = resolve(file);
  const runDir = options.runDir === undefined ? newRunDir(configPath) : resolve(options.runDir);
  const control = new RunControl();
  const release = stopOnSignals(control);
  const progress = new Progress(process.stderr);
  const silent = options.quiet === true || options.json === true;
  try {
    const result = await train({
      config,
      configText: text,
      configPath,
      baseDir: dirname(configPath),
      bundledDir: bundledData(),
      runDir,
      ...(resume === undefined ? {} : { resume }),
      ...(options.device === undefined ? {} : { device: options.device }),
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      version: installation().version,
      control,
      inspect,
      frames: frameTaker,
      onRow: (row) => {
        if (options.json === true) process.stdout.write(`${stringifyRow(row)}\n`);
      },
      onStatus: (status) => {
        if (!silent) progress.show(status);
      },
      onMessage: (message) => {
        if (options.quiet !== true) progress.print(message);
      },
    });
    if (!silent) {
      for (const evaluation of result.evaluations) progress.print(evaluationLine(evaluation));
      progress.print(
        `${result.status} at step ${result.step} after ${formatDuration(result.seconds)}: ${runDir}`,
      );
    }
    if (result.status === 'stopped') throw new Exit(EXIT.interrupted);
  } finally {
    release();
  }
}

/** The resolved config of the run that is to be continued. */
async function previousConfig(runDir: string | undefined): Promise<RunConfig> {
  if (runDir === undefined) throw new UsageError('--resume needs --run-dir: the run to continue.');
  if (!existsSync(join(runDir, RUN_FILE))) {
    throw new Error(`There is no run in ${runDir} to resume. Leave out --resume to start one.`);
  }
  return (await readConfig(join(runDir, CONFIG_FILE), [], { warnings: false })).config;
}

/** First signal: finish the step, save, end. Second: end at once. Returns what undoes it. */
function stopOnSignals(control: { readonly stopping: boolean; stop(): void }): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (): void => {
    if (control.stopping) process.exit(EXIT.interrupted);
    control.stop();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

function evaluationLine({ split, loss, accuracy, examples, ...facts }: Evaluation): string {
  const whole = Object.entries(facts).filter(([name]) => !isOfLayer(name));
  const shown = whole.map(
    ([name, value]) =>
      `${name.replaceAll('_', ' ')} ${typeof value === 'number' ? value.toPrecision(4) : value}`,
  );
  const right = accuracy === undefined ? [] : [`accuracy ${(100 * accuracy).toFixed(2)} %`];
  const parts = [`loss ${loss.toFixed(4)}`, ...right, ...shown];
  return `${split} (${examples} examples): ${parts.join(', ')}`;
}
