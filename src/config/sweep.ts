/** @file `sweep`: paths and the values tried at each. */
import { diagnose, type Diagnostic } from './diagnostic';
import { headWhere, toPlain, valueWhere, type ConfigNode, type Path, type Plain } from './node';
import { parsePath } from './path';
import type { Where } from './source';

/** Values of one axis that are tried; more is a mistake in `count`. */
const maxValues = 1000;

export interface Axis {
  readonly path: Path;
  readonly keyWhere: Where;
  readonly values: readonly ConfigNode[];
}

/** Reads the axes of a `sweep` mapping: `[a, b, …]` or `{log|linear: [from, to], count: n}`. */
export function readSweep(node: ConfigNode, at: Where): { axes: Axis[]; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const axes: Axis[] = [];
  if (node.kind !== 'map') {
    const message = '`sweep` maps paths to values, for example `train.optimizer.lr: [1e-3, 3e-4]`.';
    return { axes, diagnostics: [diagnose(at, 'error', 'wrong-type', message)] };
  }
  for (const entry of node.entries.values()) {
    const path = parsePath(entry.key);
    if (!path) {
      const message = `\`${entry.key}\` is not a path such as \`model.layers.0.d_state\`.`;
      diagnostics.push(diagnose(entry.keyWhere, 'error', 'bad-path', message));
      continue;
    }
    const values = valuesOf(entry.node);
    if (typeof values === 'string') {
      const where = valueWhere({ node: entry.node, entry, path: [], exact: true });
      diagnostics.push(diagnose(where, 'error', 'bad-sweep', values));
    } else {
      axes.push({ path, keyWhere: entry.keyWhere, values });
    }
  }
  return { axes, diagnostics };
}

/** @returns the values, or what is wrong. */
function valuesOf(node: ConfigNode): readonly ConfigNode[] | string {
  if (node.kind === 'list')
    return node.items.length > 0 ? node.items : 'An axis of a sweep needs at least one value.';
  const usage = 'An axis of a sweep is a list of values, or `{log: [from, to], count: n}` (also `linear`).';
  if (node.kind !== 'map') return usage;
  const plain = toPlain(node) as Record<string, Plain>;
  const kind = 'log' in plain ? 'log' : 'linear';
  const ends = plain[kind];
  const { count } = plain;
  if (Object.keys(plain).length !== 2 || !Array.isArray(ends) || ends.length !== 2) return usage;
  const [from, to] = ends;
  if (typeof from !== 'number' || typeof to !== 'number')
    return 'A range of a sweep goes from a number to a number.';
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 2 || count > maxValues) {
    return `\`count\` is a whole number from 2 to ${maxValues}.`;
  }
  if (kind === 'log' && (from <= 0 || to <= 0)) return 'A logarithmic range has positive ends.';
  const { where } = headWhereOf(node);
  return Array.from({ length: count }, (_, index) => {
    const part = index / (count - 1);
    const exact = kind === 'log' ? from * (to / from) ** part : from + (to - from) * part;
    return { kind: 'scalar', where, value: Number(exact.toPrecision(12)), quoted: false } as const;
  });
}

const headWhereOf = (node: ConfigNode): { where: Where } => ({
  where: headWhere({ node, path: [], exact: true }),
});
