/**
 * @file Fast reading of long, plainly written texts: sections and list items are read one by one, and those that
 * have not changed since the last time are taken from memory. Whatever is not plain is left to the full parser.
 */
import * as YAML from 'yaml';
import { fromYaml } from './from-yaml';
import type { ConfigNode, Entry, MapNode } from './node';
import { makeSource, type Source, type Where } from './source';

/** Shorter texts are read whole: there is nothing to gain. */
const shortest = 2000;
/** Pieces kept; a config of 1,000 lines has about 250. */
const maxKept = 4000;
/** Deeper nesting is read whole. */
const maxDepth = 20;

/** Pieces by their text, with offsets from the start of the piece; `undefined` for those that need the full parser. */
const known = new Map<string, ConfigNode | undefined>();

/** Anchors, tags, directives, several documents, tabs: what one piece says may depend on others. */
const notPlain = /[&*!\t\r\uFEFF]|^(---|\.\.\.|%|<<|\?)|<<:/m;

/** @returns the tree of the full parser, or undefined where only that can tell */
export function readPieces(source: Source): ConfigNode | undefined {
  const { text } = source;
  if (text.length < shortest || notPlain.test(text)) return undefined;
  if (known.size > maxKept) known.clear();
  return new Pieces(source).block(0, source.lineStarts.length);
}

/** Stands for the indentation of empty lines and comments. */
const blank = -1;

class Pieces {
  private readonly indents: Int32Array;

  constructor(private readonly source: Source) {
    const { text, lineStarts } = source;
    // Indentation of every line; -1 for empty lines and comments.
    this.indents = Int32Array.from(lineStarts, (start) => {
      let at = start;
      while (text.charCodeAt(at) === 0x20) at++;
      const code = text.charCodeAt(at);
      return Number.isNaN(code) || code === 0x0a || code === 0x23 ? blank : at - start;
    });
  }

  /** A block mapping or list that lies in the lines `from` to below `to`. */
  block(from: number, to: number, depth = 0): ConfigNode | undefined {
    if (depth > maxDepth) return undefined;
    let first = from;
    while (first < to && this.indents[first] === blank) first++;
    if (first === to) return undefined;
    const indent = this.indents[first] as number;
    const heads: number[] = [];
    for (let line = first; line < to; line++) {
      const here = this.indents[line] as number;
      if (here !== blank && here < indent) return undefined;
      if (here === indent) heads.push(line);
    }
    const isList = this.isItem(first, indent);
    // `key:` may be followed by a list in its own column.
    const starts = isList ? heads : heads.filter((line) => !this.isItem(line, indent));
    if (isList && heads.some((line) => !this.isItem(line, indent))) return undefined;
    const parts: ConfigNode[] = [];
    for (const [index, start] of starts.entries()) {
      const part = this.part(start, starts[index + 1] ?? to, indent, isList, depth);
      if (!part) return undefined;
      parts.push(part);
    }
    return isList ? joinLists(parts, this.source) : joinMaps(parts, this.source);
  }

  private isItem(line: number, indent: number): boolean {
    const at = (this.source.lineStarts[line] as number) + indent;
    const { text } = this.source;
    return text.charCodeAt(at) === 0x2d && (text.charCodeAt(at + 1) === 0x20 || text[at + 1] === '\n');
  }

  /** One key with its value, or one list item, as a mapping or list of one. */
  private part(
    from: number,
    to: number,
    indent: number,
    isList: boolean,
    depth: number,
  ): ConfigNode | undefined {
    const { text, lineStarts } = this.source;
    let end = to;
    while (end > from + 1 && this.indents[end - 1] === blank) end--;
    const start = lineStarts[from] as number;
    if (!isList && end - from > 8) {
      const key = /^ *([A-Za-z_]\w*):[ ]*(#.*)?$/.exec(
        text.slice(start, (lineStarts[from + 1] as number) - 1),
      );
      const name = key?.[1];
      const node = name === undefined ? undefined : this.block(from + 1, end, depth + 1);
      if (!node || name === undefined) return undefined;
      const keyWhere: Where = {
        source: this.source,
        start: start + indent,
        end: start + indent + name.length,
      };
      return {
        kind: 'map',
        where: { ...keyWhere, end: node.where.end },
        entries: new Map([[name, { key: name, keyWhere, node }]]),
      };
    }
    const piece = text.slice(start, end < lineStarts.length ? lineStarts[end] : text.length);
    let relative = known.get(piece);
    if (relative === undefined && !known.has(piece)) {
      relative = readPiece(piece);
      known.set(piece, relative);
    }
    return relative && moved(relative, this.source, start);
  }
}

/** A piece alone, with the full parser; undefined when that has anything to say about it. */
function readPiece(piece: string): ConfigNode | undefined {
  const document = YAML.parseDocument(piece, {
    prettyErrors: false,
    strict: true,
    uniqueKeys: true,
    logLevel: 'error',
  });
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
  const { root, diagnostics } = fromYaml(document as YAML.Document.Parsed, makeSource('', piece));
  if (!root || diagnostics.length > 0) return undefined;
  if (root.kind === 'map') return root.entries.size === 1 ? root : undefined;
  return root.kind === 'list' && root.items.length === 1 ? root : undefined;
}

function joinLists(parts: readonly ConfigNode[], source: Source): ConfigNode | undefined {
  const items = parts.flatMap((part) => (part.kind === 'list' ? part.items : []));
  return items.length === parts.length ? { kind: 'list', where: across(parts, source), items } : undefined;
}

function joinMaps(parts: readonly ConfigNode[], source: Source): MapNode | undefined {
  const entries = new Map<string, Entry>();
  for (const part of parts) {
    if (part.kind !== 'map') return undefined;
    for (const [key, entry] of part.entries) {
      // A key written twice is for the full parser to say.
      if (entries.has(key)) return undefined;
      entries.set(key, entry);
    }
  }
  return { kind: 'map', where: across(parts, source), entries };
}

const across = (parts: readonly ConfigNode[], source: Source): Where => ({
  source,
  start: parts[0]?.where.start ?? 0,
  end: parts[parts.length - 1]?.where.end ?? 0,
});

/** The same tree as it stands in the whole text. */
function moved(node: ConfigNode, source: Source, by: number): ConfigNode {
  const where = { source, start: node.where.start + by, end: node.where.end + by };
  if (node.kind === 'scalar') return { kind: 'scalar', where, value: node.value, quoted: node.quoted };
  if (node.kind === 'list')
    return { kind: 'list', where, items: node.items.map((one) => moved(one, source, by)) };
  const entries = new Map<string, Entry>();
  for (const [key, entry] of node.entries) {
    const { start, end } = entry.keyWhere;
    const keyWhere = { source, start: start + by, end: end + by };
    entries.set(key, { key, keyWhere, node: moved(entry.node, source, by) });
  }
  return { kind: 'map', where, entries };
}
