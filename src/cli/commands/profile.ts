/** @file `profile`: where the time of a training step goes, by layer and by operator. */
import { dirname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { find, headWhere } from '../../config';
import { position } from '../../config/source';
import { resolveFile, type Analysis } from '../../language';
import type { BuiltLayer } from '../../models';
import type { StepProfile } from '../../runtime/profile';
import { readConfig } from '../config';
import { collect, positiveInteger } from '../options';
import { bundledData } from '../root';

/** Devices that tell how long a node takes. */
const DEVICES = ['cpu', 'webgpu'] as const;

interface ProfileOptions {
  readonly device?: (typeof DEVICES)[number];
  readonly set?: readonly string[];
  readonly threads?: number;
  readonly steps: number;
  readonly json?: boolean;
}

/** Where a layer is written. */
interface Source {
  readonly mixer: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function registerProfile(program: Command): void {
  program
    .command('profile')
    .description('Measure where the time of a training step goes, by layer and by operator.')
    .argument('<file>', 'a *.ssm.yaml file')
    .addOption(
      new Option(
        '--device <device>',
        'where to compute (default: as the config says, where it names one of these, else cpu)',
      ).choices(DEVICES),
    )
    .option(
      '--set <key=value>',
      'change the config, for example train.batch_size=4; may be repeated',
      collect,
    )
    .option('--threads <n>', 'threads of the CPU', positiveInteger)
    .option('--steps <n>', 'steps that are measured', positiveInteger, 5)
    .option('--json', 'print one JSON object')
    .action(runProfile);
}

async function runProfile(file: string, options: ProfileOptions): Promise<void> {
  const { config } = await readConfig(file, options.set, { warnings: options.json !== true });
  const { analysis } = await resolveFile(file, { set: options.set ?? [] });
  const [
    { profileStep },
    { modelOf, openData },
    { chooseDevice, defaultThreads },
    { availableDevices, deviceProblem },
  ] = await Promise.all([
    import('../../runtime/profile'),
    import('../../runtime/train'),
    import('../../runtime/devices'),
    import('../../runtime/ort'),
  ]);
  const { device } = await chooseDevice({
    requested: options.device ?? DEVICES.find((one) => one === config.device) ?? 'cpu',
    available: availableDevices,
    problem: deviceProblem,
    flopsPerStep: 0,
    mixers: '',
    version: '',
    measure: () => Promise.resolve(0),
  });
  const data = await openData(config, {
    baseDir: dirname(resolve(file)),
    bundledDir: bundledData(),
    seed: config.seed,
  });
  const model = modelOf(config, data);
  const found = await profileStep({
    ...{ model, data, device },
    train: config.train,
    threads: options.threads ?? defaultThreads(),
    seed: config.seed,
    steps: options.steps,
  });
  const sources = new Map(
    model.layers.map((layer) => [`layers.${layer.index}`, sourceOf(layer, analysis, file)]),
  );
  process.stdout.write(
    options.json === true ? `${JSON.stringify(asJson(found, sources))}\n` : asTable(found, sources),
  );
}

function sourceOf({ mixer, path }: BuiltLayer, analysis: Analysis | undefined, file: string): Source {
  const where = analysis && headWhere(find(analysis.root, path));
  if (where === undefined) return { mixer, file, line: 1, column: 1 };
  return { mixer, file: where.source.file, ...position(where.source, where.start) };
}

const rounded = (ms: number): number => Number(ms.toPrecision(4));

function asJson(found: StepProfile, sources: ReadonlyMap<string, Source>): object {
  const operators = (list: StepProfile['operators']) =>
    list.map(({ operator, nodes, forward, backward }) => ({
      operator,
      nodes,
      forward_ms: rounded(forward),
      backward_ms: rounded(backward),
    }));
  return {
    device: found.device,
    threads: found.threads,
    steps: found.steps,
    step_ms: rounded(found.step),
    clock: found.clock,
    parts: found.parts.map(({ part, forward, backward, operators: list }) => ({
      part,
      ...sources.get(part),
      forward_ms: rounded(forward),
      backward_ms: rounded(backward),
      operators: operators(list),
    })),
    operators: operators(found.operators),
    fallbacks: found.fallbacks,
  };
}

/** Operators that are listed; the rest is one row. */
const LISTED = 12;

function asTable(found: StepProfile, sources: ReadonlyMap<string, Source>): string {
  const sum = found.parts.reduce((all, { forward, backward }) => all + forward + backward, 0);
  const row = (name: string, forward: number, backward: number, more: string): string => {
    const share = `${Math.round((100 * (forward + backward)) / sum)} %`;
    const cells = [forward.toFixed(2).padStart(10), backward.toFixed(2).padStart(10), share.padStart(6)];
    return `${name.padEnd(28)}${cells.join('')}  ${more}`.trimEnd();
  };
  const head = (title: string): string =>
    `${title.padEnd(28)}${'forward'.padStart(10)}${'backward'.padStart(10)}${'share'.padStart(6)}`;
  const parts = found.parts.map(({ part, forward, backward, operators }) => {
    const source = sources.get(part);
    const place = source === undefined ? '' : `line ${source.line}`;
    const dear = operators.slice(0, 3).map(({ operator }) => operator);
    const name = source === undefined ? part : `${part} ${source.mixer}`;
    return row(name, forward, backward, [place, dear.join(', ')].filter((one) => one !== '').join(': '));
  });
  const rest = found.operators.slice(LISTED);
  const operators = found.operators
    .slice(0, LISTED)
    .map(({ operator, nodes, forward, backward }) => row(`${operator} × ${nodes}`, forward, backward, ''));
  if (rest.length > 0) {
    const over = (pass: 'forward' | 'backward'): number => rest.reduce((all, one) => all + one[pass], 0);
    operators.push(row(`${rest.length} others`, over('forward'), over('backward'), ''));
  }
  const left = found.fallbacks.length === 0 ? [] : ['', `Left to the CPU: ${found.fallbacks.join(', ')}`];
  const threads =
    found.device === 'cpu' ? ` with ${found.threads} ${found.threads === 1 ? 'thread' : 'threads'}` : '';
  const by =
    found.device === 'cpu' || found.clock === 'device' ? '' : ' by the host that hands it to the device';
  return [
    `A step takes ${Number(found.step.toPrecision(3))} ms on ${found.device}${threads}; in ms per step, with every node measured${by}:`,
    ...['', head('part'), ...parts, '', head('operator'), ...operators, ...left, ''],
  ].join('\n');
}
