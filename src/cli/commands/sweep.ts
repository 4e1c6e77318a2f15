/** @file `sweep`: every combination of a config's `sweep` as a run of its own. */
import { dirname, join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { formatText, hasErrors, resolveFile } from '../../language';
import type { Combination, SweepResult } from '../../runs/sweep';
import { EXIT, Exit, UsageError } from '../errors';
import { collect, positiveInteger, toJson } from '../options';
import { ownCommand } from '../root';

interface SweepOptions {
  readonly executor: 'local' | 'slurm';
  readonly parallel?: number;
  readonly set?: readonly string[];
  readonly dir?: string;
  readonly device?: string;
  readonly threads?: number;
  readonly sbatch?: readonly string[];
  readonly status?: boolean;
  readonly json?: boolean;
}

/** One run of the sweep, and why it cannot be where it cannot. */
interface Planned extends Combination {
  readonly dir: string;
  readonly problem?: string;
}

export function registerSweep(program: Command): void {
  program
    .command('sweep')
    .description('Run every combination of a config’s sweep; runs that are finished are kept.')
    .argument('<file>', 'a *.ssm.yaml file with a sweep')
    .addOption(
      new Option('--executor <executor>', 'where the runs compute')
        .choices(['local', 'slurm'])
        .default('local'),
    )
    .option('--parallel <n>', 'runs at a time (default: 1 here, no limit on Slurm)', positiveInteger)
    .option('--set <key=value>', 'change the base config; may be repeated', collect)
    .option('--dir <dir>', 'folder of the runs (default: runs/<config>/sweep beside the config)')
    .option('--device <device>', 'where each run computes')
    .option(
      '--threads <n>',
      'CPU threads of each run (default: the cores divided among the runs)',
      positiveInteger,
    )
    .option(
      '--sbatch <option>',
      'further option of sbatch, for example --sbatch=--partition=gpu',
      sbatchOption,
    )
    .option('--status', 'show what there is, start nothing')
    .option('--json', 'print the results as JSON')
    .action(runSweep);
}

function sbatchOption(value: string, previous: readonly string[] = []): readonly string[] {
  if (!value.startsWith('-') || /[\r\n]/.test(value)) {
    throw new InvalidArgumentError('It must be an option of sbatch, for example --partition=gpu.');
  }
  return collect(value, previous);
}

async function runSweep(file: string, options: SweepOptions): Promise<void> {
  const runs = await plan(file, options);
  const { readResult, formatResults } = await import('../../runs/sweep');
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const results = (failures: ReadonlyMap<number, string> = new Map()): Promise<SweepResult[]> =>
    Promise.all(
      runs.map(async ({ index, settings, dir, problem }) => {
        const found = await readResult(settings, dir);
        if (problem !== undefined) return { ...found, status: 'invalid', error: problem };
        const error = failures.get(index);
        return error === undefined || found.status === 'finished'
          ? found
          : { ...found, status: 'failed', error: found.error ?? error };
      }),
    );
  const print = (all: readonly SweepResult[]): void => {
    if (options.json === true) process.stdout.write(`${toJson({ config: resolve(file), runs: all }, 2)}\n`);
    else process.stdout.write(`${formatResults(all)}\n`);
    if (options.json === true) return;
    for (const { settings, status, error } of all) {
      if (error !== undefined) say(`${describeSettings(settings)}: ${status}: ${error}`);
    }
  };
  const before = await results();
  const open = runs.filter((_, i) =>
    ['missing', 'failed', 'stopped', 'interrupted'].includes(before[i]!.status),
  );
  if (options.status === true) return print(before);
  const kept = before.filter(({ status }) => status === 'finished').length;
  say(`${runs.length} runs, ${kept} of them finished, ${open.length} to do.`);
  if (options.executor === 'slurm') {
    await submit(file, open, options, say);
    return print(await results());
  }
  const { failures, stopped } = await runHere(file, open, before, options, say);
  const after = await results(failures);
  print(after);
  if (stopped) throw new Exit(EXIT.interrupted);
  if (after.some(({ status }) => status !== 'finished' && status !== 'running')) throw new Exit(EXIT.error);
}

/** Every combination with its folder; a config that is wrong as a whole ends it. */
async function plan(file: string, options: SweepOptions): Promise<Planned[]> {
  const set = options.set ?? [];
  const { diagnostics, sweep } = await resolveFile(file, { set });
  if (diagnostics.length > 0) process.stderr.write(formatText(diagnostics, [file]));
  if (hasErrors(diagnostics)) throw new Exit(EXIT.error);
  if (sweep === undefined || sweep.length === 0) {
    throw new UsageError(
      `${file} has no sweep. Add one, for example:\nsweep:\n  train.optimizer.lr: [1e-3, 3e-4]`,
    );
  }
  const [{ combinations, folderOf, settingsOf }, { configHash }] = await Promise.all([
    import('../../runs/sweep'),
    import('../../runtime/train/prepare'),
  ]);
  const folder = resolve(options.dir ?? join(dirname(file), 'runs', stemOf(file), 'sweep'));
  const planned: Planned[] = [];
  for (const combination of combinations(sweep)) {
    const { config, diagnostics: wrong } = await resolveFile(file, {
      set: [...set, ...settingsOf(combination)],
    });
    const error = wrong.find(({ severity }) => severity === 'error');
    const dir = join(folder, folderOf(combination, config === undefined ? 'invalid' : configHash(config)));
    planned.push({ ...combination, dir, ...(error === undefined ? {} : { problem: error.message }) });
  }
  return planned.map((run, index) => ({ ...run, index }));
}

const stemOf = (file: string): string => file.replace(/^.*[\\/]/, '').replace(/(\.ssm)?\.ya?ml$/, '');

const describeSettings = (settings: Combination['settings']): string =>
  Object.entries(settings)
    .map(([path, value]) => `${path}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

/** The command line that trains one run. */
function commandOf(
  file: string,
  { settings, dir }: Planned,
  settingsOf: (combination: Pick<Combination, 'settings'>) => string[],
  options: SweepOptions,
  threads: number | undefined,
): string[] {
  const set = [...(options.set ?? []), ...settingsOf({ settings })].flatMap((one) => ['--set', one]);
  return [
    ...ownCommand(),
    'train',
    resolve(file),
    ...set,
    '--run-dir',
    dir,
    '--quiet',
    ...(options.device === undefined ? [] : ['--device', options.device]),
    ...(threads === undefined ? [] : ['--threads', String(threads)]),
  ];
}

async function runHere(
  file: string,
  open: readonly Planned[],
  before: readonly SweepResult[],
  options: SweepOptions,
  say: (text: string) => void,
): Promise<{ failures: ReadonlyMap<number, string>; stopped: boolean }> {
  const { runJobs, settingsOf, readResult } = await import('../../runs/sweep');
  const { defaultThreads } = await import('../../runtime/devices');
  const parallel = Math.min(options.parallel ?? 1, Math.max(1, open.length));
  const threads =
    options.threads ?? (parallel === 1 ? undefined : Math.max(1, Math.floor(defaultThreads() / parallel)));
  const jobs = open.map((run) => {
    const begun = before[run.index]!.status !== 'missing';
    const command = commandOf(file, run, settingsOf, options, threads);
    return { run, command: begun ? [...command, '--resume'] : command };
  });
  const failures = new Map<number, string>();
  const abort = new AbortController();
  let second = false;
  const onSignal = (): void => {
    if (second) process.exit(EXIT.interrupted);
    second = true;
    say('Stopping: runs under way save first. The same command continues them.');
    abort.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  let done = 0;
  try {
    await runJobs(jobs, parallel, {
      signal: abort.signal,
      onStart: ({ run }) => say(`${describeSettings(run.settings)}: started in ${run.dir}`),
      async onEnd({ run }, { code, message }) {
        done++;
        if (code !== 0 && code !== EXIT.interrupted) {
          failures.set(run.index, message.replace(/^error: /, '') || `The process ended with code ${code}.`);
        }
        const { best, status } = await readResult(run.settings, run.dir);
        const metric = best['accuracy'] ?? best['loss'];
        const shown = best['accuracy'] === undefined ? 'best loss' : 'best accuracy';
        const reached = metric === undefined ? '' : `, ${shown} ${metric.toPrecision(4)}`;
        const end = code === 0 ? 'finished' : failures.has(run.index) ? 'failed' : status;
        say(`${describeSettings(run.settings)}: ${end}${reached} (${done} of ${jobs.length})`);
      },
    });
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
  return { failures, stopped: abort.signal.aborted };
}

async function submit(
  file: string,
  open: readonly Planned[],
  options: SweepOptions,
  say: (text: string) => void,
): Promise<void> {
  if (open.length === 0) return;
  const { settingsOf, submitArray } = await import('../../runs/sweep');
  const tasks = open.map((run) => ({
    index: run.index,
    dir: run.dir,
    command: commandOf(file, run, settingsOf, options, options.threads),
  }));
  const { job, script } = await submitArray(tasks, {
    name: `ssm-${stemOf(file)}`,
    dir: dirname(open[0]!.dir),
    ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.sbatch === undefined ? {} : { extra: options.sbatch }),
  });
  say(`Submitted ${open.length} runs as job ${job} (${script}). See what they reach with sweep --status.`);
}
