/** @file Groups of runs: what they are called, what differs between them and what is equal in all. */
import { configValue, integer } from '../core/format';
import { between, mixerName } from './mixer-name';
import type { RunMeta } from '../../protocol/view-curves';

type Scalar = RunMeta['seed'];

export interface RunGroup {
  readonly key: string;
  readonly palette: number;
  readonly name: string;
  readonly runs: readonly RunMeta[];
  readonly keys: Readonly<Record<string, Scalar>>;
  readonly live: boolean;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Mixers of the stack in order, with `repeat` and `block` written out. */
function mixersOf(layers: unknown): { mixer: string; options: Record<string, unknown> }[] {
  if (!Array.isArray(layers)) return [];
  return layers.flatMap((item: unknown) => {
    if (!isRecord(item)) return [];
    const { mixer, block, repeat, ...options } = item;
    const times = typeof repeat === 'number' ? Math.min(repeat, 1000) : 1;
    const once = block === undefined ? [{ mixer: String(mixer), options }] : mixersOf(block);
    return Array.from({ length: times }, () => once).flat();
  });
}

/**
 * A resolved config as short keys with single values, without seed and device. Layer options that all layers of
 * a kind share appear once (`d_state`), others per layer (`layers.1.d_state`).
 */
export function flattenConfig(config: unknown): Record<string, Scalar> {
  const flat: Record<string, Scalar> = {};
  if (!isRecord(config)) return flat;
  const paths = new Map<string, Scalar>();
  const visit = (value: unknown, path: readonly string[]): void => {
    if (isRecord(value)) for (const [key, child] of Object.entries(value)) visit(child, [...path, key]);
    else if (Array.isArray(value)) paths.set(path.join('.'), JSON.stringify(value));
    else if (['string', 'number', 'boolean'].includes(typeof value))
      paths.set(path.join('.'), value as Scalar);
  };
  const { seed: _seed, device: _device, model, ...rest } = config;
  visit(rest, []);
  if (isRecord(model)) {
    const { layers, ...others } = model;
    visit(others, ['model']);
    const placed = mixersOf(layers);
    const names = placed.map((layer) => layer.mixer);
    flat['mixer'] = new Set(names).size === 1 ? (names[0] as string) : names.join(between);
    flat['layers'] = placed.length;
    const options = new Set(placed.flatMap((layer) => Object.keys(layer.options)));
    for (const option of options) {
      const values = placed.map((layer) => layer.options[option]).filter((value) => value !== undefined);
      if (new Set(values.map((value) => JSON.stringify(value))).size === 1)
        flat[option] = toScalar(values[0]);
      else
        placed.forEach((layer, index) => {
          if (layer.options[option] !== undefined)
            flat[`layers.${index}.${option}`] = toScalar(layer.options[option]);
        });
    }
  }
  // The last part of a path is its name unless two paths end alike.
  const count = new Map<string, number>();
  const tail = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  for (const path of paths.keys()) count.set(tail(path), (count.get(tail(path)) ?? 0) + 1);
  for (const [path, value] of paths) {
    const name = count.get(tail(path)) === 1 && !(tail(path) in flat) ? tail(path) : path;
    flat[path === 'data.type' ? 'data' : path === 'task.type' ? 'task' : name] = value;
  }
  return flat;
}

const toScalar = (value: unknown): Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : JSON.stringify(value);

/** The value of a key as people read it: a long list of mixers in few words. */
export const keyValue = (key: string, value: Scalar | undefined): string =>
  key === 'mixer' && typeof value === 'string' ? mixerName(value) : configValue(value);

/** Keys that do not make two runs different experiments. */
const quiet = new Set(['log_every', 'checkpoint_every', 'probe_every', 'keep', 'threads']);

/** Keys whose value is not the same in all runs, the telling ones first. */
export function differingKeys(runs: readonly RunMeta[]): string[] {
  const names = new Set(runs.flatMap((run) => Object.keys(run.keys)));
  const differing = [...names].filter(
    (name) => !quiet.has(name) && new Set(runs.map((run) => JSON.stringify(run.keys[name] ?? null))).size > 1,
  );
  const first = ['mixer', 'layers', 'd_model', 'd_state', 'lr'];
  const rank = (name: string): number => (first.indexOf(name) + first.length + 1) % (first.length + 1);
  return differing.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** Seeds by their number, before those that are words; equal ones in the order of training. */
const bySeed = ({ seed: a }: RunMeta, { seed: b }: RunMeta): number =>
  typeof a === 'number' && typeof b === 'number'
    ? a - b
    : String(a).localeCompare(String(b), 'en', { numeric: true });

/** Groups in order of their palette place, named by what differs from the first; in each the runs by their seeds. */
export function groupRuns(runs: readonly RunMeta[]): RunGroup[] {
  const byKey = new Map<string, RunMeta[]>();
  for (const run of runs) byKey.set(run.group, [...(byKey.get(run.group) ?? []), run]);
  const groups = [...byKey.entries()].sort((a, b) => a[1][0]!.palette - b[1][0]!.palette);
  const differing = differingKeys(runs);
  const reference = groups[0]?.[1][0];
  const configs = new Set(runs.map((run) => run.config));
  const named = groups.map(([key, members]) => {
    const first = members[0]!;
    const parts = differing
      .filter((name) => first.keys[name] !== undefined && !(name === 'layers' && differing.includes('mixer')))
      .filter((name) => JSON.stringify(first.keys[name]) !== JSON.stringify(reference?.keys[name] ?? null))
      .map((name) =>
        name === 'mixer' || name === 'data'
          ? keyValue(name, first.keys[name])
          : `${name} ${keyValue(name, first.keys[name])}`,
      );
    const stem = first.config;
    const base = configs.size > 1 || parts.length === 0 ? stem : '';
    const differences = parts.slice(0, 3).join(' · ');
    const label = members.length === 1 ? first.label : undefined;
    const derived =
      configs.size > 1 && stem !== reference?.config ? stem : [base, differences].filter(Boolean).join(' · ');
    return {
      key,
      palette: first.palette,
      name: label ?? derived,
      runs: members.toSorted(bySeed),
      keys: first.keys,
      live: members.some((run) => run.status === 'running'),
    };
  });
  // Equal names are told apart by their place.
  const seen = new Map<string, number>();
  return named.map((group) => {
    const count = (seen.get(group.name) ?? 0) + 1;
    seen.set(group.name, count);
    return count === 1 ? group : { ...group, name: `${group.name} (${count})` };
  });
}

/** What the runs of a group are: their seeds where these tell them apart, else how many they are and what differs. */
export function membersOf(runs: readonly RunMeta[]): string {
  const valuesOf = (key: string, value: (run: RunMeta) => Scalar | undefined): string =>
    [...new Set(runs.map((run) => keyValue(key, value(run))))].join(', ');
  const distinct = new Set(runs.map((run) => run.seed)).size;
  const seeds = `${distinct > 1 ? 'seeds' : 'seed'} ${valuesOf('seed', (run) => run.seed)}`;
  if (distinct === runs.length) return seeds;
  const differing = differingKeys(runs).map((key) => `${key} ${valuesOf(key, (run) => run.keys[key])}`);
  return [`${runs.length} runs`, seeds, ...differing].join(', ');
}

/** "same in all: data induction-heads, d_model 32, …" without the words before the colon. */
export function commonKeys(runs: readonly RunMeta[]): string {
  const first = runs[0];
  if (!first) return '';
  const equal = (name: string): Scalar | undefined =>
    runs.every((run) => JSON.stringify(run.keys[name] ?? null) === JSON.stringify(first.keys[name] ?? null))
      ? (first.keys[name] ?? undefined)
      : undefined;
  const parts: string[] = [];
  const say = (name: string, words: (value: Scalar) => string): void => {
    const value = equal(name);
    if (value !== undefined) parts.push(words(value));
  };
  say('data', (value) => `data ${configValue(value)}`);
  say('mixer', (value) => keyValue('mixer', value));
  say('layers', (value) => `${configValue(value)} layer${value === 1 ? '' : 's'}`);
  say('length', (value) => `context ${configValue(value)}`);
  say('d_model', (value) => `d_model ${configValue(value)}`);
  say('batch_size', (value) => `batch ${configValue(value)}`);
  say('lr', (value) => `lr ${configValue(value)}`);
  say('steps', (value) => `${integer(Number(value))} steps`);
  const device = runs.every((run) => run.device === first.device) ? first.device : undefined;
  if (device) parts.push(`device ${device}`);
  return parts.join(', ');
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '=': (a, b) => a === b,
};

/** Words of a filter are looked for in name and keys; `key:value` and `key>=1e-3` in that key alone. */
export function matches(group: RunGroup, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => {
    const compared = /^([\w.]+)(>=|<=|>|<|=)(.+)$/.exec(word);
    if (compared) {
      const [, key = '', sign = '', text = ''] = compared;
      const own = group.keys[key];
      const wanted = Number(text.replace('−', '-'));
      if (typeof own === 'number' && !Number.isNaN(wanted)) return comparisons[sign]!(own, wanted);
      return sign === '=' && own !== undefined && configValue(own).toLowerCase() === text;
    }
    const colon = word.indexOf(':');
    if (colon > 0) {
      const value = group.keys[word.slice(0, colon)];
      return (
        value !== undefined &&
        configValue(value)
          .toLowerCase()
          .includes(word.slice(colon + 1))
      );
    }
    const text = [
      group.name,
      ...group.runs.map(
        (run) => `${run.name} ${run.status} ${(run.tags ?? []).map((tag) => `#${tag}`).join(' ')}`,
      ),
      ...Object.values(group.keys).map(configValue),
    ];
    return text.some((part) => part.toLowerCase().includes(word));
  });
}
