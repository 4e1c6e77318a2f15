/** @file Sweeps: every value of every axis is laid at its path and checked there. */
import {
  hasErrors,
  readSweep,
  setAt,
  toPlain,
  type Axis,
  type ConfigNode,
  type Diagnostic,
  type Entry,
  type Path,
  type Plain,
} from '../config';
import { analyse } from './analyse';
import type { Language } from './language';

/** Values that are checked one by one; the rest is checked when it runs. */
const maxChecked = 64;

/** One axis as the runner of a sweep takes it. */
export interface SweepAxis {
  readonly path: Path;
  readonly values: readonly Plain[];
}

export function withoutSweep(root: ConfigNode): { root: ConfigNode; sweep?: Entry } {
  if (root.kind !== 'map') return { root };
  const sweep = root.entries.get('sweep');
  if (!sweep) return { root };
  return { root: { ...root, entries: new Map([...root.entries].filter(([key]) => key !== 'sweep')) }, sweep };
}

/** @param root the tree without its `sweep`, free of errors */
export function checkSweep(
  root: ConfigNode,
  sweep: Entry,
  language: Language,
): { axes: readonly SweepAxis[]; diagnostics: Diagnostic[] } {
  const { axes, diagnostics } = readSweep(sweep.node, sweep.keyWhere);
  let budget = maxChecked;
  for (const axis of axes) {
    for (const value of axis.values) {
      if (budget-- <= 0) break;
      diagnostics.push(...checkValue(root, axis, value, language));
    }
  }
  return { axes: axes.map(({ path, values }) => ({ path, values: values.map(toPlain) })), diagnostics };
}

function checkValue(root: ConfigNode, axis: Axis, value: ConfigNode, language: Language): Diagnostic[] {
  const set = setAt(root, axis.path, value, axis.keyWhere, language.rules);
  if (hasErrors(set.diagnostics)) return [...set.diagnostics];
  const { diagnostics } = analyse(set.root, language);
  return [...set.diagnostics, ...diagnostics.filter((diagnostic) => diagnostic.severity === 'error')];
}
