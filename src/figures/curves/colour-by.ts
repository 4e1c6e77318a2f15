/** @file Colours of runs by a key of their configs: words by place in the palette, numbers by ink. */
import { colourMap } from '../core/colormap';
import { runStyle, type RunStyle } from '../core/palette';
import type { Theme } from '../core/theme';
import { distinct } from '../sweep/axes';
import { inkColour } from '../sweep/ink';
import type { RunGroup } from './groups';

/** The look that a group has by its place, with the colour of its value of `key`; dash and marker stay its own. */
export function styleBy(key: string, group: RunGroup, groups: readonly RunGroup[], theme: Theme): RunStyle {
  const own = runStyle(group.palette, theme);
  if (key === 'config') return own;
  const rows = groups.map((entry) => ({
    key: entry.key,
    name: entry.name,
    values: entry.keys,
    results: {},
    failed: false,
  }));
  const values = distinct(rows, key);
  const value = group.keys[key];
  if (value === undefined || value === null) return { ...own, color: theme.secondary, opacity: 1 };
  const numbers = values.filter((entry) => typeof entry === 'number');
  if (numbers.length < values.length || numbers.length < 2)
    return { ...own, ...pick(runStyle(values.indexOf(value), theme)) };
  const [low, high] = [numbers[0]!, numbers.at(-1)!];
  const log = low > 0 && high / low >= 4;
  const scaled = (entry: number): number => (log ? Math.log(entry) : entry);
  const share = (scaled(value as number) - scaled(low)) / (scaled(high) - scaled(low));
  return { ...own, color: inkColour(colourMap(theme, false), share), opacity: 1 };
}

const pick = ({ color, opacity }: RunStyle): Pick<RunStyle, 'color' | 'opacity'> => ({ color, opacity });
