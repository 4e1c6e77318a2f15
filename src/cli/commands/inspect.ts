/** @file `inspect`: the numbers behind the scan views. */
import type { Command } from 'commander';
import type { Inspection } from '../../inspect/inspect';
import { UsageError } from '../errors';
import { idList, naturalNumber, positiveInteger, toJson } from '../options';
import { openTarget } from '../target';

interface InspectOptions {
  readonly probe?: string;
  readonly layer: number;
  readonly ids?: number[];
  readonly example?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .description('Look into one layer: step sizes, states, gates. Without --probe, list what there is.')
    .argument('<run-checkpoint-or-config>', 'run folder, checkpoint, or a config that was never trained')
    .option('--probe <name>', 'delta, A_bar, B, C, gate, state, state_norm, y, …')
    .option('--layer <n>', 'layer number after expanding repeat', naturalNumber, 0)
    .option('--ids <ids>', 'tokens to look at, for example 1,2,3', idList)
    .option('--example <k>', 'held-out example to look at (default: 0)', naturalNumber)
    .option('--threads <n>', 'threads', positiveInteger)
    .option('--json', 'print JSON')
    .action(runInspect);
}

async function runInspect(path: string, options: InspectOptions): Promise<void> {
  if (options.ids !== undefined && options.example !== undefined) {
    throw new UsageError('Give either --ids or --example.');
  }
  const { model, parameters, data, step } = await openTarget(path, { configs: true });
  const { inspect } = await import('../../inspect/inspect');
  const { defaultThreads } = await import('../../runtime/devices');
  const found = await inspect({
    model,
    parameters,
    ...(data === undefined ? {} : { data }),
    layer: options.layer,
    ...(options.example === undefined ? {} : { example: options.example }),
    ...(options.ids === undefined ? {} : { ids: options.ids }),
    threads: options.threads ?? defaultThreads(),
  });
  const { probe } = options;
  const chosen = probe === undefined ? undefined : found.probes[probe];
  if (probe !== undefined && chosen === undefined) {
    const there = Object.keys(found.probes).join(', ') || 'nothing';
    throw new UsageError(`Layer ${found.layer} (${found.mixer}) has no probe ${probe}; there is ${there}.`);
  }
  if (options.json === true) {
    const { probes, ...rest } = found;
    const body = probe === undefined ? { probes } : { probe, ...chosen };
    process.stdout.write(`${toJson({ ...rest, ...(step === undefined ? {} : { step }), ...body })}\n`);
  } else process.stdout.write(chosen === undefined ? listOf(found) : tableOf(chosen));
}

function listOf({ layer, mixer, probes }: Inspection): string {
  const lines = Object.entries(probes).map(
    ([name, { shape, axes, description }]) =>
      `  ${name.padEnd(12)} ${axes.map((axis, index) => `${axis} ${shape[index]}`).join(' × ')}: ${description}`,
  );
  return [`layer ${layer} (${mixer})`, ...lines, ''].join('\n');
}

/** One line per position: the last axes side by side. */
function tableOf({ shape, axes, data }: Inspection['probes'][string]): string {
  const width = shape.slice(1).reduce((product, extent) => product * extent, 1);
  const rows = Array.from({ length: shape[0] ?? 1 }, (_, row) =>
    [...data.subarray(row * width, (row + 1) * width)].map((value) => value.toPrecision(5)).join('\t'),
  );
  return [`# ${axes.map((axis, index) => `${axis} ${shape[index]}`).join(' × ')}`, ...rows, ''].join('\n');
}
