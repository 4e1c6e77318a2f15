/** @file `extends` replaced by what it brings, as it is written in the base, comments included. */
import {
  combine,
  isFlow,
  parseConfig,
  toPlain,
  withoutExtends,
  type Entry,
  type Fix,
  type MapNode,
  type Parsed,
} from '../../config';
import type { Language } from '../language';
import { columnOf, indented, lineEnd, lineStart, withComments } from './lines';

/**
 * Edits of the config that make its direct base unnecessary.
 * @param rebase a reference of the base as it is written from the folder of the config
 * @returns undefined where the text cannot say the same, for example when a flow mapping would need several lines
 */
export function inlineBase(
  own: Parsed,
  base: Parsed,
  language: Language,
  rebase: (reference: string) => string,
): readonly Fix[] | undefined {
  if (own.root?.kind !== 'map' || base.root?.kind !== 'map') return undefined;
  const entry = own.root.entries.get('extends');
  // File names of data mean the folder of the file that writes them.
  if (!entry || isFlow(own.root) || isFlow(base.root) || /\bfiles:|\btokenizer:/.test(base.source.text))
    return undefined;
  const title = 'Inline `extends`: write out what the base brings';
  const { text } = own.source;
  const further = base.root.entries.get('extends');
  const reference = further?.node.kind === 'scalar' ? String(further.node.value) : undefined;
  const fixes: Fix[] = [];
  if (reference === undefined) {
    const start = lineStart(text, entry.keyWhere.start);
    fixes.push({ title, start, end: lineEnd(text, entry.node.where.end), text: '' });
  } else {
    const { start, end } = entry.node.where;
    fixes.push({ title, start, end, text: rebase(reference) });
  }
  if (!add(own.root, base.root, title, fixes)) return undefined;
  return means(own, base, fixes, language, reference !== undefined) ? fixes : undefined;
}

/** Adds what only the base has; mappings that both have are gone into. */
function add(own: MapNode, base: MapNode, title: string, fixes: Fix[]): boolean {
  const missing: Entry[] = [];
  for (const [key, below] of base.entries) {
    if (key === 'extends') continue;
    const above = own.entries.get(key);
    if (!above) missing.push(below);
    else if (above.node.kind === 'scalar' && above.node.value === null) {
      const { text } = above.node.where.source;
      const start = lineStart(text, above.keyWhere.start);
      fixes.push({ title, start, end: lineEnd(text, above.node.where.end), text: '' });
    } else if (above.node.kind === 'map' && below.node.kind === 'map') {
      if (!add(above.node, below.node, title, fixes)) return false;
    }
  }
  if (missing.length === 0) return true;
  const last = [...own.entries.values()].reduce<Entry | undefined>(
    (latest, one) => (latest && latest.keyWhere.start > one.keyWhere.start ? latest : one),
    undefined,
  );
  if (!last) return false;
  const { source } = last.keyWhere;
  const end = Math.max(last.keyWhere.end, last.node.where.end);
  if (isFlow(own)) {
    const pieces = missing.map(entryText);
    if (pieces.some((piece) => piece.includes('\n') || piece.includes('#'))) return false;
    fixes.push({ title, start: end, end, text: pieces.map((piece) => `, ${piece}`).join('') });
    return true;
  }
  const column = columnOf(source, last.keyWhere.start);
  const at = lineEnd(source.text, end);
  const lines = missing.map((one) => blockText(one, column)).join('');
  const start = source.text[at - 1] === '\n' ? lines : `\n${lines}`;
  fixes.push({ title, start: at, end: at, text: start });
  return true;
}

/** `key: value` of one line. */
function entryText({ keyWhere, node }: Entry): string {
  return keyWhere.source.text.slice(keyWhere.start, Math.max(keyWhere.end, node.where.end));
}

/** The lines of a key with the comments above it, moved to a column. */
function blockText({ keyWhere, node }: Entry, column: number): string {
  const { source } = keyWhere;
  const { text } = source;
  const first = lineStart(text, keyWhere.start);
  const isAlone = text.slice(first, keyWhere.start).trim() === '';
  if (!isAlone) return `${' '.repeat(column)}${text.slice(keyWhere.start, node.where.end)}\n`;
  const from = withComments(text, first, 0);
  const body = text.slice(from, lineEnd(text, Math.max(keyWhere.end, node.where.end)));
  const moved = indented(body, columnOf(source, keyWhere.start), column);
  return moved.endsWith('\n') ? moved : `${moved}\n`;
}

/** Whether the edited text alone says what both said together. */
function means(
  own: Parsed,
  base: Parsed,
  fixes: readonly Fix[],
  language: Language,
  further: boolean,
): boolean {
  let text = own.source.text;
  for (const { start, end, text: into } of [...fixes].sort((a, b) => b.start - a.start || b.end - a.end))
    text = text.slice(0, start) + into + text.slice(end);
  const again = parseConfig(own.source.file, text);
  if (again.diagnostics.some(({ severity }) => severity === 'error') || !again.root) return false;
  if (!further && again.root.kind === 'map' && again.root.entries.has('extends')) return false;
  const before = combine(
    [own, { ...base, ...(base.root ? { root: withoutExtends(base.root) } : {}) }],
    language.rules,
  );
  const after = combine([again], language.rules);
  return canonical(toPlain(before.root)) === canonical(toPlain(after.root));
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) =>
    one !== null && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
