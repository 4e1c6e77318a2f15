/** @file Keys in the order of the reference page, with the comments that belong to them. */
import { isFlow, parseConfig, toPlain, type ConfigNode, type Entry, type MapNode } from '../../config';
import type { Language } from '../language';
import { narrow, type Type } from '../schema/types';
import { tagIn } from '../language';
import { columnOf, lineEnd, lineStart, withComments } from './lines';

/** The whole text sorted; undefined when it is sorted already, or cannot be without changing its meaning. */
export function sortKeys(root: ConfigNode, language: Language): string | undefined {
  if (root.kind !== 'map' || isFlow(root)) return undefined;
  const { source } = root.where;
  const { text } = source;
  const sorted = sortText(root, language.type);
  if (sorted === undefined || sorted === text) return undefined;
  const again = parseConfig(source.file, sorted);
  const isSame =
    again.root && !again.diagnostics.length && equal(toPlain(again.root), toPlain(root)) ? sorted : undefined;
  return isSame;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function sortText(root: MapNode, type: Type): string | undefined {
  const { text } = root.where.source;
  const edits: Edit[] = [];
  collect(root, type, edits);
  return apply(text, 0, text.length, edits);
}

/** Edits of the outermost mappings that move; what is inside a moved mapping is sorted within its text. */
function collect(node: ConfigNode, type: Type | undefined, edits: Edit[]): void {
  if (node.kind === 'list') {
    const item = type?.kind === 'list' ? type.item : undefined;
    for (const one of node.items) if (isInside(one, node)) collect(one, item, edits);
    return;
  }
  if (node.kind !== 'map') return;
  const inside = type && narrow(type, (key) => tagIn(node, [], key));
  const entries = [...node.entries.values()].filter(
    ({ keyWhere }) => keyWhere.start >= node.where.start && keyWhere.end <= node.where.end,
  );
  const inner: Edit[] = [];
  for (const entry of entries) {
    const field = inside?.kind === 'map' ? inside.fields.get(entry.key)?.type : undefined;
    if (entry.node.where.start >= entry.keyWhere.end) collect(entry.node, field, inner);
  }
  const own =
    isFlow(node) || entries.length < node.entries.size
      ? undefined
      : sortEntries(node, entries, inside, inner);
  edits.push(...(own ? [own] : inner));
}

const isInside = (node: ConfigNode, outer: ConfigNode): boolean =>
  node.where.start >= outer.where.start && node.where.end <= outer.where.end;

function sortEntries(
  node: MapNode,
  entries: readonly Entry[],
  type: Type | undefined,
  inner: readonly Edit[],
): Edit | undefined {
  if (type?.kind !== 'map' || entries.length < 2) return undefined;
  const order = [...type.fields.keys()];
  const rank = ({ key }: Entry): number => (order.includes(key) ? order.indexOf(key) : order.length);
  const sorted = [...entries].sort((a, b) => rank(a) - rank(b));
  if (sorted.every((entry, index) => entry === entries[index])) return undefined;
  const { source } = node.where;
  const { text } = source;
  const indent = ' '.repeat(columnOf(source, entries[0]!.keyWhere.start));
  // The first key may stand behind a dash, so its piece starts at the key; comments above it stay where they are.
  const pieces = new Map<Entry, string>();
  let floor = entries[0]!.keyWhere.start;
  const start = floor;
  for (const [index, entry] of entries.entries()) {
    const from = index === 0 ? start : withComments(text, lineStart(text, entry.keyWhere.start), floor);
    const next = entries[index + 1];
    const to = next
      ? withComments(text, lineStart(text, next.keyWhere.start), from)
      : lineEnd(text, Math.max(entry.keyWhere.end, entry.node.where.end));
    const body = apply(text, from, to, inner);
    pieces.set(entry, index === 0 ? body : body.replace(indent, ''));
    floor = to;
  }
  const end = floor;
  const whole = sorted.map((entry) => pieces.get(entry) ?? '');
  const joined = whole
    .map((piece, index) => (index === 0 ? piece : indent + piece))
    .map((piece) => (piece.endsWith('\n') ? piece : `${piece}\n`))
    .join('');
  const closing = text[end - 1] === '\n' ? joined : joined.replace(/\n$/, '');
  return { start, end, text: closing };
}

function apply(text: string, from: number, to: number, edits: readonly Edit[]): string {
  let result = '';
  let at = from;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    if (edit.start < at || edit.end > to) continue;
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at, to);
}

/** Whatever the order of keys. */
function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, sortedKeys) === JSON.stringify(b, sortedKeys);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
