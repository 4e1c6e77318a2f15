/**
 * @file Where the cursor stands in a text that may be half-typed. A marker word is put at the cursor and the
 * text is parsed again: the parser's own recovery then says which mapping, list or value the cursor is in.
 */
import { parseConfig, type ConfigNode, type Path } from '../src/config';

/** No key or value contains it: three characters from a private use area. */
const marker = '\uE000\uE001\uE000';

export interface Cursor {
  /** A key is typed inside the mapping at `path`, or a value at `path`. */
  readonly role: 'key' | 'value';
  readonly path: Path;
  /** Offsets of the word that a completion replaces. */
  readonly start: number;
  readonly end: number;
  /** The part of the word before the cursor. */
  readonly prefix: string;
  /** Keys that the mapping has already. */
  readonly present: ReadonlySet<string>;
  /** The tree around the cursor, for the values of sibling keys. Far parts of long texts are left out. */
  readonly tree: ConfigNode;
  /** Inside brackets or braces. */
  readonly flow: boolean;
  /** The key has its colon already. */
  readonly hasColon: boolean;
  /** A value directly after a colon needs a space first. */
  readonly needsSpace: boolean;
  /** The key is the first one of a list item: `- ▮`. */
  readonly startsItem: boolean;
  /** Spaces that further lines of the same mapping need beyond the indentation of this line. */
  readonly hang: number;
  readonly quoted: boolean;
}

const isWord = (character: string | undefined): boolean =>
  character !== undefined && !/[\s,[\]{}:#&*!|>'"%`]/.test(character);

interface Line {
  readonly start: number;
  readonly end: number;
  readonly index: number;
}

/** Lines around the cursor that are read in long texts. */
const radius = 40;

export function cursorAt(text: string, offset: number): Cursor | undefined {
  const line = lineAt(text, offset);
  let start = offset;
  while (start > line.start && isWord(text[start - 1])) start--;
  let end = offset;
  while (end < line.end && isWord(text[end])) end++;
  const before = text.slice(line.start, start);
  const after = text.slice(end, line.end);
  if (inComment(before) || text.slice(start, offset) === '-') return undefined;
  const startsLine = /^\s*(-\s+)*$/.test(before);
  const startsItem = /^\s*(-\s+)+$/.test(before);
  const hasColon = /^\s*:(\s|$)/.test(after);
  const rest = after.trim();
  const addColon = startsLine && !hasColon && (rest === '' || rest.startsWith('#'));
  const needsSpace = !startsLine && text[start - 1] === ':';
  const quote = openQuote(before);
  const inserted = `${needsSpace ? ' ' : ''}${marker}${addColon ? ':' : ''}`;

  for (const tree of trees(text, line, start, end, inserted, quote)) {
    const place = findMarker(tree);
    if (!place) continue;
    if (!place.exact && (place.role === 'value' || startsItem)) return undefined;
    return {
      ...place,
      start,
      end,
      prefix: text.slice(start, offset),
      tree,
      flow: !startsLine && isInFlow(tree, place.path, before),
      hasColon,
      needsSpace,
      startsItem,
      hang: startsItem ? before.length - (/^\s*/.exec(before)?.[0].length ?? 0) : 0,
      quoted: quote !== undefined,
    };
  }
  return undefined;
}

/** The text with the marker, parsed; then ever smaller parts of it, should the rest hide the marker. */
function* trees(
  text: string,
  line: Line,
  start: number,
  end: number,
  inserted: string,
  quote: string | undefined,
): Generator<ConfigNode> {
  const closed =
    quote !== undefined && !text.slice(end, line.end).includes(quote) ? inserted + quote : inserted;
  const lines = text.split('\n');
  const own = text.slice(line.start, start) + closed + text.slice(end, line.end);
  const attempts = lines.length > 2 * radius ? [radius, 0] : [Infinity, 0];
  for (const reach of attempts) {
    const marked = excerpt(lines, line.index, own, reach);
    const { root } = parseConfig('', marked);
    if (root) yield root;
  }
}

/** The lines near the cursor, and of the others only those that enclose it. */
function excerpt(lines: readonly string[], at: number, own: string, reach: number): string {
  const kept: string[] = [];
  let depth = depthOf(own);
  for (let index = at - 1; index >= 0; index--) {
    const text = lines[index] ?? '';
    const encloses = text.trim() !== '' && !/^\s*#/.test(text) && depthOf(text) < depth;
    if (encloses) depth = depthOf(text);
    if (encloses || at - index <= reach) kept.push(text);
    if (depth === 0 && at - index > reach) break;
  }
  return [...kept.reverse(), own, ...lines.slice(at + 1, at + 1 + Math.min(reach, lines.length))].join('\n');
}

/** Indentation, where a dash counts half a step: `- a` belongs to a key in the same column. */
const depthOf = (line: string): number =>
  2 * (/^\s*/.exec(line)?.[0].length ?? 0) + (/^\s*-\s/.test(line) ? 1 : 0);

function lineAt(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const next = text.indexOf('\n', offset);
  let index = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < start; at = text.indexOf('\n', at + 1)) index++;
  const end = next < 0 ? text.length : next;
  return { start, end: text[end - 1] === '\r' ? end - 1 : end, index };
}

/** The quote that is open at the end of a piece of a line. */
function openQuote(piece: string): string | undefined {
  let open: string | undefined;
  for (let at = 0; at < piece.length; at++) {
    const character = piece[at] as string;
    if (open === '"' && character === '\\') at++;
    else if (open) open = character === open ? undefined : open;
    else if ((character === '"' || character === "'") && /(^|[\s,[{:])$/.test(piece.slice(0, at)))
      open = character;
  }
  return open;
}

function inComment(before: string): boolean {
  for (let at = before.indexOf('#'); at >= 0; at = before.indexOf('#', at + 1)) {
    if ((at === 0 || /\s/.test(before[at - 1] as string)) && openQuote(before.slice(0, at)) === undefined)
      return true;
  }
  return false;
}

type Place = Pick<Cursor, 'role' | 'path' | 'present'> & { readonly exact: boolean };

const none: ReadonlySet<string> = new Set();

function findMarker(node: ConfigNode, path: Path = []): Place | undefined {
  if (node.kind === 'scalar') {
    if (typeof node.value !== 'string' || !node.value.includes(marker)) return undefined;
    return { role: 'value', path, present: none, exact: node.value === marker };
  }
  if (node.kind === 'list') {
    for (const [index, item] of node.items.entries()) {
      const place = findMarker(item, [...path, index]);
      if (place) return place;
    }
    return undefined;
  }
  for (const entry of node.entries.values()) {
    if (entry.key.includes(marker)) {
      const present = new Set([...node.entries.keys()].filter((key) => key !== entry.key));
      return { role: 'key', path, present, exact: entry.key === marker };
    }
    const place = findMarker(entry.node, [...path, entry.key]);
    if (place) return place;
  }
  return undefined;
}

/** Whether the innermost collection around the cursor is written in brackets. */
function isInFlow(tree: ConfigNode, path: Path, before: string): boolean {
  let node: ConfigNode | undefined = tree;
  let flow = opens(tree);
  for (const step of path) {
    if (node.kind === 'map') node = node.entries.get(String(step))?.node;
    else if (node.kind === 'list') node = node.items[Number(step)];
    if (!node) break;
    flow ||= opens(node);
  }
  return flow || /[[{][^\]}]*$/.test(before);
}

const opens = (node: ConfigNode): boolean =>
  node.kind !== 'scalar' && /[[{]/.test(node.where.source.text[node.where.start] ?? '');
