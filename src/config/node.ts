/**
 * @file The config as a tree that remembers where everything is written. Merging, `--set` and sweeps work on
 * this tree, so that a complaint about a merged value still points at the file and line it comes from.
 */
import type { Where } from './source';

export type Path = readonly (string | number)[];

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly where: Where;
  readonly value: string | number | boolean | null;
  /** True for `"16"` and `'16'`, which YAML reads as text. */
  readonly quoted: boolean;
}
export interface Entry {
  readonly key: string;
  readonly keyWhere: Where;
  readonly node: ConfigNode;
}
export interface MapNode {
  readonly kind: 'map';
  readonly where: Where;
  readonly entries: ReadonlyMap<string, Entry>;
}
export interface ListNode {
  readonly kind: 'list';
  readonly where: Where;
  readonly items: readonly ConfigNode[];
}
export type ConfigNode = ScalarNode | MapNode | ListNode;

/** Values that zod and the rest of the program take. */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

export function toPlain(node: ConfigNode): Plain {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  const result: { [key: string]: Plain } = {};
  for (const [key, entry] of node.entries) {
    // Defined rather than assigned, so that a key `__proto__` stays an ordinary, unknown key.
    Object.defineProperty(result, key, {
      value: toPlain(entry.node),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

/** The child under a key or an index, if there is one. */
export function child(node: ConfigNode | undefined, step: string | number): ConfigNode | undefined {
  if (node?.kind === 'map') return node.entries.get(String(step))?.node;
  if (node?.kind === 'list') return node.items[Number(step)];
  return undefined;
}

export const nodeAt = (root: ConfigNode | undefined, path: Path): ConfigNode | undefined =>
  path.reduce<ConfigNode | undefined>((node, step) => child(node, step), root);

/** What is written at a path, or the deepest written ancestor when the path itself is not written. */
export interface Found {
  readonly node: ConfigNode;
  /** Present when the last step of the found path is a key. */
  readonly entry?: Entry;
  /** The path that was found, a prefix of the one asked for. */
  readonly path: Path;
  readonly exact: boolean;
}

export function find(root: ConfigNode, path: Path): Found {
  let found: Found = { node: root, path: [], exact: path.length === 0 };
  for (const [depth, step] of path.entries()) {
    const { node } = found;
    const entry = node.kind === 'map' ? node.entries.get(String(step)) : undefined;
    const next = entry?.node ?? child(node, step);
    if (!next) return found;
    found = {
      node: next,
      ...(entry ? { entry } : {}),
      path: path.slice(0, depth + 1),
      exact: depth === path.length - 1,
    };
  }
  return found;
}

/** The range to underline for a value: the value where something is written, else its key. */
export function valueWhere(found: Found): Where {
  const { node, entry } = found;
  if (entry && node.where.end <= node.where.start) return entry.keyWhere;
  return node.where;
}

/** The range to underline for a section as a whole: its key, or the start of a list item. */
export function headWhere(found: Found): Where {
  if (found.entry) return found.entry.keyWhere;
  const { node } = found;
  if (node.kind === 'map') {
    const first = node.entries.values().next().value;
    if (first && first.keyWhere.source === node.where.source) return first.keyWhere;
  }
  return node.where;
}

export function scalarText(node: ConfigNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value) : undefined;
}
