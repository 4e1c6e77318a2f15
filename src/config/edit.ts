/** @file Text edits computed from ranges, so that comments and order stay. */
import type { Fix } from './diagnostic';
import type { MapNode } from './node';
import { position } from './source';

/** Whether a mapping is written in braces. */
export const isFlow = (map: MapNode): boolean => map.where.source.text[map.where.start] === '{';

/**
 * Adds `key: value` at the end of a mapping that is written in one place.
 * @returns undefined for mappings merged from several files or without a place of their own
 */
export function insertKey(map: MapNode, key: string, value: string): Fix | undefined {
  const { source, start, end } = map.where;
  const { text } = source;
  const title = `Add \`${key}: ${value.trim().split('\n')[0] ?? ''}\``;
  const own = [...map.entries.values()].filter(
    ({ keyWhere }) => keyWhere.source === source && keyWhere.start >= start && keyWhere.end <= end,
  );
  // The short form, `data: NAME`, has no mapping of its own to add to.
  if (own.some((entry) => entry.keyWhere.start === entry.node.where.start)) return undefined;
  const last = own.reduce<(typeof own)[number] | undefined>(
    (latest, entry) => (latest && latest.keyWhere.start > entry.keyWhere.start ? latest : entry),
    undefined,
  );
  const line = `${key}:${value.startsWith('\n') ? '' : ' '}${value}`;
  if (isFlow(map)) {
    if (value.includes('\n')) return undefined;
    const at = last
      ? Math.max(last.keyWhere.end, last.node.where.source === source ? last.node.where.end : 0)
      : start + 1;
    const into = `${key}: ${value.trim()}`;
    return { title, start: at, end: at, text: last ? `, ${into}` : into };
  }
  if (!last) return undefined;
  const indent = ' '.repeat(position(source, last.keyWhere.start).column - 1);
  const after = Math.max(last.keyWhere.end, last.node.where.source === source ? last.node.where.end : 0);
  const lineEnd = text.indexOf('\n', after);
  const at = lineEnd < 0 ? text.length : text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd;
  return { title, start: at, end: at, text: `\n${indent}${line.replaceAll('\n', `\n${indent}`)}` };
}
