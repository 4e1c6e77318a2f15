/** @file YAML nodes → config nodes: aliases followed, `<<` merged, everything within bounds. */
import * as YAML from 'yaml';
import { diagnose, type Diagnostic } from './diagnostic';
import type { ConfigNode, Entry, MapNode } from './node';
import type { Source, Where } from './source';

/** Values in the whole tree after following aliases: stops bombs of nested aliases. */
const maxNodes = 50_000;
const maxDepth = 100;

export interface Converted {
  readonly root?: ConfigNode;
  readonly diagnostics: readonly Diagnostic[];
}

type YamlNode = YAML.Node | null | undefined;

export function fromYaml(document: YAML.Document.Parsed, source: Source): Converted {
  const converter = new Converter(document, source);
  const contents = document.contents as YamlNode;
  if (!contents || (YAML.isScalar(contents) && contents.value === null)) return { diagnostics: [] };
  const root = converter.node(contents, 0);
  return { root, diagnostics: converter.diagnostics };
}

class Converter {
  readonly diagnostics: Diagnostic[] = [];
  private count = 0;
  /** Anchored nodes being converted: an alias to one of them would never end. */
  private readonly open = new Set<YAML.Node>();
  private readonly anchors = new Map<string, YAML.Node>();

  constructor(
    document: YAML.Document.Parsed,
    private readonly source: Source,
  ) {
    if (!source.text.includes('&')) return;
    // An alias means the last anchor of its name before it; names used twice are rare, the last one wins here.
    YAML.visit(document, {
      Node: (_, node) => {
        if (!YAML.isAlias(node) && node.anchor) this.anchors.set(node.anchor, node);
      },
    });
  }

  node(node: YamlNode, fallback: number, depth = 0): ConfigNode {
    const where = this.where(node, fallback);
    if (++this.count > maxNodes || depth > maxDepth) {
      if (this.count === maxNodes + 1 || depth > maxDepth) {
        this.report(where, 'too-large', 'The config becomes too large here; are aliases nested in aliases?');
        this.count = Math.max(this.count, maxNodes + 1);
      }
      return { kind: 'scalar', where, value: null, quoted: false };
    }
    if (YAML.isAlias(node)) return this.alias(node, where, depth);
    if (YAML.isMap(node)) return this.guarded(node, () => this.map(node, where, depth));
    if (YAML.isSeq(node)) {
      return this.guarded(node, () => ({
        kind: 'list',
        where,
        items: node.items.map((item) => this.node(item as YamlNode, where.start, depth + 1)),
      }));
    }
    return this.scalar(node, where);
  }

  private scalar(node: YamlNode, where: Where): ConfigNode {
    if (!YAML.isScalar(node)) return { kind: 'scalar', where, value: null, quoted: false };
    const quoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE';
    const { value } = node;
    if (
      value === null ||
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean'
    ) {
      return { kind: 'scalar', where, value, quoted };
    }
    // Tags such as !!binary give other things; as text they fail the checks with a sentence.
    return { kind: 'scalar', where, value: String(value as unknown), quoted: false };
  }

  private guarded(node: YAML.Node, convert: () => ConfigNode): ConfigNode {
    this.open.add(node);
    try {
      return convert();
    } finally {
      this.open.delete(node);
    }
  }

  private alias(node: YAML.Alias, where: Where, depth: number): ConfigNode {
    const target = this.anchors.get(node.source);
    if (target && this.open.has(target)) {
      this.report(where, 'unresolved-alias', `\`*${node.source}\` stands inside its own anchor.`);
    } else if (target) {
      return this.node(target, where.start, depth + 1);
    } else {
      const message = `No anchor \`&${node.source}\` stands above this alias.`;
      this.report(where, 'unresolved-alias', message);
    }
    return { kind: 'scalar', where, value: null, quoted: false };
  }

  private map(node: YAML.YAMLMap, where: Where, depth: number): MapNode {
    const entries = new Map<string, Entry>();
    const merged: MapNode[] = [];
    for (const pair of node.items) {
      const key = pair.key as YamlNode;
      const keyWhere = this.where(key, where.start);
      if (!YAML.isScalar(key) || key.value === null) {
        if (key) this.report(keyWhere, 'bad-key', 'A key is a single word here.');
        continue;
      }
      if (typeof key.value === 'symbol' || (key.value === '<<' && key.type === 'PLAIN')) {
        this.merge(pair.value as YamlNode, keyWhere, merged, depth);
        continue;
      }
      const name = nameOf(key.value);
      if (entries.has(name)) continue;
      entries.set(name, {
        key: name,
        keyWhere,
        node: this.node(pair.value as YamlNode, keyWhere.end, depth + 1),
      });
    }
    for (const base of merged) {
      for (const [name, entry] of base.entries) if (!entries.has(name)) entries.set(name, entry);
    }
    return { kind: 'map', where, entries };
  }

  /** `<<: *base` or `<<: [*a, *b]`, where earlier ones win. */
  private merge(value: YamlNode, keyWhere: Where, merged: MapNode[], depth: number): void {
    const node = this.node(value, keyWhere.end, depth + 1);
    const items = node.kind === 'list' ? node.items : [node];
    for (const item of items) {
      if (item.kind === 'map') merged.push(item);
      else if (value) this.report(keyWhere, 'wrong-type', '`<<` merges a mapping: write `<<: *name`.');
    }
  }

  private where(node: YamlNode, fallback: number): Where {
    const { source } = this;
    if (!node?.range) return { source, start: fallback, end: fallback };
    const [start, valueEnd] = node.range;
    // A block collection's range runs to the start of the next line: underline only what is written.
    let end = Math.max(start, valueEnd);
    while (end > start && /\s/.test(source.text[end - 1] ?? '')) end--;
    return { source, start, end };
  }

  private report(where: Where, code: string, message: string): void {
    this.diagnostics.push(diagnose(where, 'error', code, message));
  }
}

/** A key as text: numbers and switches are their own names. */
const nameOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? `${value}`
      : '?';
