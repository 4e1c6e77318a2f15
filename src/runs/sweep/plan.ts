/** @file The runs of a sweep: every combination of its axes, in a folder that its settings and config decide. */
import { formatPath, type Path, type Plain } from '../../config';

export interface Axis {
  readonly path: Path;
  readonly values: readonly Plain[];
}

export interface Combination {
  /** From 0, the last axis running fastest. */
  readonly index: number;
  /** Value by path, as `--set` takes them. */
  readonly settings: Readonly<Record<string, Plain>>;
}

/** Every combination of the values of all axes. */
export function combinations(axes: readonly Axis[]): Combination[] {
  const all = axes.reduce<Record<string, Plain>[]>(
    (found, { path, values }) =>
      found.flatMap((settings) => values.map((value) => ({ ...settings, [formatPath(path)]: value }))),
    [{}],
  );
  return all.map((settings, index) => ({ index, settings }));
}

/** `KEY=VALUE` for `--set`, the sweep itself taken away; JSON is YAML. */
export const settingsOf = ({ settings }: Pick<Combination, 'settings'>): string[] => [
  ...Object.entries(settings).map(([path, value]) => `${path}=${JSON.stringify(value)}`),
  // What does not fit another combination is none of this one's business.
  'sweep=null',
];

/** The shortest ends of paths that tell them apart: `lr` and `mixer`, or `0.mixer` and `1.mixer`. */
export function shortNames(paths: readonly string[]): Map<string, string> {
  const end = (path: string, steps: number): string => path.split('.').slice(-steps).join('.');
  return new Map(
    paths.map((path) => {
      // A number alone says little: `layers.0`.
      let steps = /\.\d+$/.test(path) ? 2 : 1;
      while (paths.some((other) => other !== path && end(other, steps) === end(path, steps))) steps++;
      return [path, end(path, steps)];
    }),
  );
}

/** A value in few characters, for tables: `0.001`, `mamba`, `s4d d_state=64`. */
export function shortValue(value: Plain | undefined): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(4)));
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return JSON.stringify(value ?? null);
  return Object.entries(value)
    .map(([key, one]) => (key === 'mixer' || key === 'type' ? shortValue(one) : `${key}=${shortValue(one)}`))
    .join(' ');
}

/** Longest part of a folder name that a value gives. */
const LONGEST = 24;

/**
 * The folder of one run within the sweep's: readable, and different for every config, so that a changed config
 * starts its runs anew and an unchanged one finds them again.
 * @param hash identity of the resolved config, hexadecimal
 */
export function folderOf({ settings }: Pick<Combination, 'settings'>, hash: string): string {
  const names = shortNames(Object.keys(settings));
  const parts = Object.entries(settings).map(([path, value]) =>
    `${names.get(path)}-${shortValue(value)}`.replaceAll(/[^\w.+-]+/g, '-').slice(0, LONGEST),
  );
  return [...parts, hash.slice(0, 6)].join('_');
}
