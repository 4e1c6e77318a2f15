/** @file From an offset to what is written there. */
import type { ConfigNode, Entry, Path, Where } from '../../src/config';

export interface Spot {
  readonly path: Path;
  readonly on: 'key' | 'value';
  readonly where: Where;
  readonly node: ConfigNode;
  readonly entry?: Entry;
}

const covers = (where: Where, offset: number): boolean => where.start <= offset && offset <= where.end;

/** The innermost key or scalar at an offset; undefined between them. */
export function spotAt(node: ConfigNode, offset: number, path: Path = []): Spot | undefined {
  if (node.kind === 'scalar') {
    return covers(node.where, offset) && node.where.end > node.where.start
      ? { path, on: 'value', where: node.where, node }
      : undefined;
  }
  if (node.kind === 'list') {
    for (const [index, item] of node.items.entries()) {
      const spot = spotAt(item, offset, [...path, index]);
      if (spot) return spot;
    }
    return undefined;
  }
  for (const entry of node.entries.values()) {
    const here = [...path, entry.key];
    if (covers(entry.keyWhere, offset))
      return { path: here, on: 'key', where: entry.keyWhere, node: entry.node, entry };
    const spot = spotAt(entry.node, offset, here);
    if (spot) return spot.entry || spot.path.length > here.length ? spot : { ...spot, entry };
  }
  return undefined;
}
