/**
 * @file Merging of trees: mappings deeply, lists and scalars replaced, `null` removes. Where a discriminator
 * changes, options that only the old value knew are dropped and named.
 */
import { diagnose, type Diagnostic } from './diagnostic';
import { scalarText, type ConfigNode, type Entry, type MapNode, type Path } from './node';
import type { Rules } from './rules';
import type { Where } from './source';

export interface Merged {
  readonly root: ConfigNode;
  readonly diagnostics: readonly Diagnostic[];
}

/** `data: NAME` → `data: {type: NAME}` wherever the language allows it, so that later merging goes inside. */
export function expandShortForms(node: ConfigNode, rules: Rules, path: Path = []): ConfigNode {
  const rule = rules.discriminator(path);
  if (rule?.shortForm && node.kind === 'scalar' && typeof node.value === 'string') {
    return wrap(rule.key, node);
  }
  if (node.kind === 'list') {
    return {
      ...node,
      items: node.items.map((item, index) => expandShortForms(item, rules, [...path, index])),
    };
  }
  if (node.kind === 'map') {
    const entries = new Map<string, Entry>();
    for (const [key, entry] of node.entries) {
      entries.set(key, { ...entry, node: expandShortForms(entry.node, rules, [...path, key]) });
    }
    return { ...node, entries };
  }
  return node;
}

function wrap(key: string, node: ConfigNode): MapNode {
  return { kind: 'map', where: node.where, entries: new Map([[key, { key, keyWhere: node.where, node }]]) };
}

/** `over` laid over `base`; both with short forms expanded. Neither is changed. */
export function merge(base: ConfigNode, over: ConfigNode, rules: Rules, path: Path = []): Merged {
  const diagnostics: Diagnostic[] = [];
  const root = mergeInto(base, over, rules, path, diagnostics);
  return { root, diagnostics };
}

function mergeInto(
  base: ConfigNode,
  over: ConfigNode,
  rules: Rules,
  path: Path,
  diagnostics: Diagnostic[],
): ConfigNode {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(withoutStale(base, over, rules, path, diagnostics));
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    if (entry.node.kind === 'scalar' && entry.node.value === null) {
      if (below && isWritten(entry.node)) entries.delete(key);
      // An empty value (`key:` with nothing after it) is half-typed rather than a removal.
      else if (below && !isWritten(entry.node)) entries.set(key, { ...entry, node: emptyOver(below, entry) });
      else entries.set(key, entry);
    } else if (below) {
      entries.set(key, {
        ...entry,
        node: mergeInto(below.node, entry.node, rules, [...path, key], diagnostics),
      });
    } else {
      entries.set(key, entry);
    }
  }
  return { kind: 'map', where: over.where, entries };
}

/** An empty section above a base's section changes nothing; an empty scalar is reported as empty later. */
const emptyOver = (below: Entry, entry: Entry): ConfigNode =>
  below.node.kind === 'map' ? below.node : entry.node;

const isWritten = (node: ConfigNode): boolean => node.where.end > node.where.start;

/** The base's entries, less those that the new discriminator value does not know. */
function withoutStale(
  base: MapNode,
  over: MapNode,
  rules: Rules,
  path: Path,
  diagnostics: Diagnostic[],
): ReadonlyMap<string, Entry> {
  const rule = rules.discriminator(path);
  if (!rule) return base.entries;
  const before = scalarText(base.entries.get(rule.key)?.node);
  const changed = over.entries.get(rule.key);
  const after = scalarText(changed?.node);
  if (!changed || before === undefined || after === undefined || before === after) return base.entries;
  const known = rule.known(after);
  if (!known) return base.entries;
  const kept = new Map([...base.entries].filter(([key]) => known.has(key)));
  const dropped = [...base.entries.values()].filter((entry) => !known.has(entry.key));
  if (dropped.length > 0) diagnostics.push(droppedOptions(changed.node.where, before, after, dropped));
  return kept;
}

function droppedOptions(where: Where, before: string, after: string, dropped: readonly Entry[]): Diagnostic {
  const names = dropped.map((entry) => `\`${entry.key}\``).join(', ');
  const verb = dropped.length === 1 ? 'is not an option' : 'are not options';
  const was = dropped.length === 1 ? 'was' : 'were';
  return diagnose(
    where,
    'information',
    'dropped-option',
    `${names} of ${before} ${verb} of ${after} and ${was} dropped.`,
    { related: dropped.map((entry) => ({ where: entry.keyWhere, message: 'written here' })) },
  );
}
