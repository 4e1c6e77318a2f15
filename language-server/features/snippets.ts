/** @file What a completion writes: keys with a place for their value, layers with good defaults. */
import type { Cursor } from '../cursor';
import type { Language, LayerDefinition } from '../../src/language';
import type { Field, MapType, Type } from '../../src/language/schema/types';
import { defaultText } from '../../src/language/words';

/** Characters with a meaning in snippets. */
const escape = (text: string): string => text.replace(/[\\$}]/g, '\\$&');
const escapeChoice = (text: string): string => escape(text).replace(/[,|]/g, '\\$&');

/** `key: ` with a place holder for the value; sections open a line below. `asSnippet` false gives plain text. */
export function keySnippet(field: Field, cursor: Pick<Cursor, 'flow' | 'hang'>, asSnippet: boolean): string {
  const { key, type } = field;
  if (!asSnippet) return opensBelow(type) && !cursor.flow ? `${key}:` : `${key}: `;
  const indent = ' '.repeat(cursor.hang + 2);
  if (opensBelow(type)) {
    if (cursor.flow) return type.kind === 'list' ? `${key}: [$0]` : `${key}: {$0}`;
    return type.kind === 'list' ? `${key}:\n${indent}- $0` : `${key}:\n${indent}$0`;
  }
  return `${key}: ${valueSnippet(type, defaultText(field.docs))}`;
}

/** Whether the value is written in lines of its own. */
export function opensBelow(type: Type): boolean {
  if (type.kind === 'map' || type.kind === 'record') return true;
  if (type.kind === 'list') return type.item.kind === 'variants';
  return false;
}

function valueSnippet(type: Type, value: string | undefined): string {
  if (type.kind === 'choice' && type.values.length > 1 && type.values.length < 12)
    return choice(type.values.map(String), value);
  if (type.kind === 'switch') return choice(['true', 'false'], value === 'true' ? 'false' : 'true');
  if (type.kind === 'list') return '[$1]$0';
  if (value !== undefined) return `\${1:${escape(value)}}`;
  return '$0';
}

function choice(values: readonly string[], first: string | undefined): string {
  const sorted = first === undefined ? values : [first, ...values.filter((value) => value !== first)];
  return `\${1|${sorted.map(escapeChoice).join(',')}|}`;
}

/** The options that a mixer is usually written with: `d_state: 16`. */
export function usualOptions(
  layer: LayerDefinition,
  options: MapType | undefined,
  language: Language,
): [string, string][] {
  const example = language.registry.mixerExamples?.[layer.name];
  const pairs = [...(example ?? '').matchAll(/([A-Za-z_]\w*):\s*([^,{}]+)/g)].map(
    ([, key = '', value = '']): [string, string] => [key, value.trim()],
  );
  return pairs.filter(([key]) => key !== 'mixer' && options?.fields.has(key));
}

/** A whole layer item: `mixer: mamba` and its usual options, in block or flow style. */
export function layerSnippet(
  name: string,
  options: readonly [string, string][],
  style: 'block' | 'flow' | 'braces',
  hang: number,
): string {
  const places = options.map(([key, value], index) => `${key}: \${${index + 1}:${escape(value)}}`);
  if (style === 'block') return [`mixer: ${name}`, ...places].join(`\n${' '.repeat(hang)}`);
  const inner = [`mixer: ${name}`, ...places].join(', ');
  return style === 'braces' ? `{${inner}}` : inner;
}

/** The same without place holders. */
export const plainText = (snippet: string): string =>
  snippet
    .replace(/\$\{\d+\|((?:\\.|[^,|\\])*)[^}]*\|\}/g, '$1')
    .replace(/\$\{\d+:((?:\\.|[^}\\])*)\}/g, '$1')
    .replace(/\$\d+/g, '')
    .replace(/\\(.)/g, '$1');
