/** @file `inspect`: the numbers behind the scan views. */
import type { Command } from 'commander';
import type { Inspection, Probe } from '../../inspect/inspect';
import { UsageError } from '../errors';
import { idList, naturalNumber, positiveInteger, toJson } from '../options';
import { openTarget, type Target } from '../target';
import { codecOf, type Codec } from '../text';

interface InspectOptions {
  readonly probe?: string[];
  readonly layer: number | 'all';
  readonly ids?: number[];
  readonly example?: number;
  readonly channel?: number[];
  readonly tiles?: number;
  readonly limit?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

const names = (value: string): string[] => value.split(',').map((name) => name.trim());
const layerOf = (value: string): number | 'all' => (value === 'all' ? 'all' : naturalNumber(value));

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .description(
      'Look into one layer: step sizes, states, gates, hidden attention, memory. Without --probe, list what there is.',
    )
    .argument('<run-checkpoint-or-config>', 'run folder, checkpoint, or a config that was never trained')
    .option(
      '--probe <name>',
      'delta, state, hidden_attention, half_life, kernel, …; several with commas',
      names,
    )
    .option('--layer <n>', 'layer number after expanding repeat, or all for a survey', layerOf, 0)
    .option('--ids <ids>', 'tokens to look at, for example 1,2,3', idList)
    .option('--example <k>', 'held-out example to look at (default: 0)', naturalNumber)
    .option('--channel <numbers>', 'channels or heads of which matrices are given, for example 0,7', idList)
    .option('--tiles <n>', 'tiles along each axis of a tiled matrix (default: 128)', positiveInteger)
    .option('--limit <numbers>', 'leave out probes with more numbers than this', positiveInteger)
    .option('--threads <n>', 'threads', positiveInteger)
    .option('--json', 'print JSON')
    .action(runInspect);
}

async function runInspect(path: string, options: InspectOptions): Promise<void> {
  if (options.ids !== undefined && options.example !== undefined) {
    throw new UsageError('Give either --ids or --example.');
  }
  const target = await openTarget(path, { configs: true });
  const { model, parameters, data, step, config } = target;
  const { ids, relabel } = await textOf(target, options);
  const { defaultThreads } = await import('../../runtime/devices');
  const request = {
    model,
    parameters,
    ...(data === undefined ? {} : { data }),
    ...(options.example === undefined ? {} : { example: options.example }),
    ...(ids === undefined ? {} : { ids }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    threads: options.threads ?? defaultThreads(),
  };
  const known = step === undefined ? {} : { step };
  const print = (body: unknown): void => void process.stdout.write(`${toJson(body)}\n`);
  if (options.layer === 'all') {
    if (options.probe !== undefined) throw new UsageError('--layer all gives a survey; leave out --probe.');
    const { survey } = await import('../../inspect/survey');
    const found = relabel(await survey(request));
    if (options.json === true) print({ ...found, ...known });
    else {
      for (const layer of found.surveys) process.stdout.write(listOf(layer));
    }
    return;
  }
  const [{ look }, { analyse, offered, analyses }] = await Promise.all([
    import('../../inspect/inspect'),
    import('../../inspect/analyse'),
  ]);
  const { probe: wanted } = options;
  const layer = options.layer;
  const own = new Set(Object.keys(model.layers[layer]?.definition.probes ?? {}));
  // Probes that are named alone spare the others, of which states are the largest.
  const direct = wanted !== undefined && wanted.every((name) => own.has(name));
  // The start follows from the seed; it is only wanted beside what training made of it.
  const before = wanted?.some((name) => name === 'lti_kernel' || name.endsWith('_initial')) === true;
  const initial = before && config && step !== undefined ? { initial: model.initialise(config.seed) } : {};
  const { inspection, trace } = await look({
    ...request,
    ...initial,
    layer,
    ...(direct ? { only: new Set(wanted) } : {}),
  });
  const { probes, ...rest } = relabel(inspection);
  if (wanted === undefined) {
    const groups = offered(trace);
    if (options.json === true) print({ ...rest, ...known, probes, analyses: groups });
    else {
      process.stdout.write(listOf(inspection));
      for (const name of groups)
        process.stdout.write(
          `  ${name.padEnd(18)} ${analyses[name]!.description}\n${' '.repeat(21)}${analyses[name]!.parts.join(', ')}\n`,
        );
    }
    return;
  }
  const found: Record<string, Record<string, Probe>> = {};
  for (const name of wanted) {
    const array = probes[name];
    const parts = array
      ? { [name]: array }
      : await analyse(trace, name, {
          ...(options.channel === undefined ? {} : { channels: options.channel }),
          ...(options.tiles === undefined ? {} : { tiles: options.tiles }),
        });
    if (parts === undefined) {
      const there = [...Object.keys(probes), ...offered(trace)].join(', ') || 'nothing';
      throw new UsageError(`Layer ${layer} (${inspection.mixer}) has no probe ${name}; there is ${there}.`);
    }
    found[name] = parts;
  }
  if (options.json !== true) {
    for (const parts of Object.values(found))
      for (const [name, array] of Object.entries(parts)) process.stdout.write(tableOf(name, array));
    return;
  }
  if (wanted.length > 1) {
    print({ ...rest, ...known, probes: Object.assign({}, ...Object.values(found)) });
    return;
  }
  const [name] = wanted as [string];
  const parts = found[name]!;
  const [first] = Object.entries(parts) as [[string, Probe]];
  const more = Object.keys(parts).length > 1 ? { parts } : {};
  print({ ...rest, ...known, probe: name, ...first[1], ...more });
}

/** What is read of a checkpoint that comes without data, if it has a tokenizer. */
const SAMPLE = 'The captain of the ship asked the captain of the whale, and the whale asked the ship.';

interface Labelled {
  readonly tokens: readonly { readonly id?: number; readonly label: string }[];
  readonly prediction?: { readonly id?: number; readonly label: string };
}

/** The ids to look at, and how tokens are called, where there is no data to say so. */
async function textOf(
  { model, data, tokenizer }: Target,
  { ids }: InspectOptions,
): Promise<{ readonly ids?: readonly number[]; relabel<T extends Labelled>(found: T): T }> {
  const given = ids === undefined ? {} : { ids };
  if (data !== undefined || model.data.input.kind !== 'tokens')
    return { ...given, relabel: (found) => found };
  const codec: Codec = await codecOf(model, data, tokenizer);
  const named = <T extends { readonly id?: number; readonly label: string }>(token: T): T =>
    token.id === undefined ? token : { ...token, label: codec.label(token.id) };
  return {
    ...(codec.tokenizer ? { ids: codec.encode(SAMPLE) } : {}),
    ...given,
    relabel: (found) => ({
      ...found,
      tokens: found.tokens.map(named),
      ...(found.prediction ? { prediction: named(found.prediction) } : {}),
    }),
  };
}

const extents = ({ axes, shape }: Probe): string =>
  axes.length === 0 ? 'one number' : axes.map((axis, index) => `${axis} ${shape[index]}`).join(' × ');

function listOf({ layer, mixer, probes }: Pick<Inspection, 'layer' | 'mixer' | 'probes'>): string {
  const lines = Object.entries(probes).map(
    ([name, probe]) => `  ${name.padEnd(18)} ${extents(probe)}: ${probe.description}`,
  );
  return [`layer ${layer} (${mixer})`, ...lines, ''].join('\n');
}

/** One line per entry of the first axis: the last axes side by side. */
function tableOf(name: string, probe: Probe): string {
  const { shape, data } = probe;
  const width = shape.slice(1).reduce((product, extent) => product * extent, 1);
  const rows = Array.from({ length: shape[0] ?? 1 }, (_, row) =>
    [...data.subarray(row * width, (row + 1) * width)].map((value) => value.toPrecision(5)).join('\t'),
  );
  return [`# ${name}: ${extents(probe)}`, ...rows, ''].join('\n');
}
