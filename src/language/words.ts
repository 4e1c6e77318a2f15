/** @file How types and values are named in sentences. */
import type { ConfigNode } from '../config';
import type { Docs, NumberType, Type } from './schema/types';

export const code = (value: unknown): string => `\`${String(value)}\``;

/** `a`, `b` and `c` */
export function list(words: readonly string[], last = 'or'): string {
  if (words.length <= 1) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${last} ${words[words.length - 1]}`;
}

function numberWords(type: NumberType): string {
  const noun = type.whole ? 'whole number' : 'number';
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = type;
  const lower = minimum ?? exclusiveMinimum;
  const upper = maximum ?? exclusiveMaximum;
  if (lower === undefined && upper === undefined) return `a ${noun}`;
  if (upper === undefined) {
    if (exclusiveMinimum === 0 && minimum === undefined) return `a positive ${noun}`;
    return minimum === undefined ? `a ${noun} above ${lower}` : `a ${noun} of at least ${lower}`;
  }
  if (lower === undefined)
    return maximum === undefined ? `a ${noun} below ${upper}` : `a ${noun} of at most ${upper}`;
  const from = minimum === undefined ? `above ${lower}` : `from ${lower}`;
  const to = maximum === undefined ? `to below ${upper}` : `to ${upper}`;
  if (minimum !== undefined) return `a ${noun} ${from} ${to}`;
  return `a ${noun} ${from} and ${maximum === undefined ? 'below' : 'at most'} ${upper}`;
}

/** What is expected, as a noun phrase: "a positive whole number", "`true` or `false`". */
export function expectation(type: Type): string {
  switch (type.kind) {
    case 'number':
      return numberWords(type);
    case 'text':
      return 'text';
    case 'switch':
      return '`true` or `false`';
    case 'choice':
      return type.values.length > 1
        ? `one of ${list(type.values.map(code))}`
        : type.values.map(code).join('');
    case 'list':
      return `a list of ${plural(type.item)}`;
    case 'tuple':
      return `a list of ${type.items.length}: ${list(type.items.map(expectation), 'and')}`;
    case 'either':
      return list(type.options.map(expectation));
    case 'map':
    case 'record':
      return 'a mapping of keys';
    case 'variants':
      return `a mapping with ${code(`${type.key}:`)}`;
    default:
      return 'a value';
  }
}

function plural(type: Type): string {
  if (type.kind === 'variants' && type.key === 'mixer') return 'layers';
  if (type.kind === 'number') return numberWords(type).replace(/^an? /, '').replace('number', 'numbers');
  if (type.kind === 'text') return 'texts';
  return `entries, each ${expectation(type)}`;
}

/** What was found, as a noun phrase. */
export function found(node: ConfigNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a mapping of keys';
  const { value } = node;
  if (value === null) return 'nothing';
  if (typeof value === 'string') {
    const short = value.length > 40 ? `${value.slice(0, 40)}…` : value;
    return `the text ${code(node.quoted ? JSON.stringify(short) : short)}`;
  }
  return code(value);
}

/** A range and a default in a few characters, for hovers and tables: `> 0`, `0 … 1`. */
export function shortType(type: Type): string {
  switch (type.kind) {
    case 'number': {
      const noun = type.whole ? 'integer' : 'number';
      const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = type;
      const bounds = [
        minimum === undefined ? '' : `≥ ${minimum}`,
        exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`,
        maximum === undefined ? '' : `≤ ${maximum}`,
        exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`,
      ].filter(Boolean);
      return [noun, ...bounds]
        .join(' ')
        .replace(/ ([<≤])/, ', $1')
        .replace(/^(\w+), /, '$1 ');
    }
    case 'text':
      return 'text';
    case 'switch':
      return '`true` | `false`';
    case 'choice':
      return type.values.map(code).join(' | ');
    case 'list':
      return `list of ${shortType(type.item)}`;
    case 'tuple':
      return `[${type.items.map(shortType).join(', ')}]`;
    case 'either':
      return type.options.map(shortType).join(' | ');
    case 'map':
      return 'mapping';
    case 'record':
      return type.value ? `mapping of ${shortType(type.value)}s` : 'mapping';
    case 'variants':
      return type.key === 'mixer' ? 'layer' : `mapping with ${code(type.key)}`;
    default:
      return 'any';
  }
}

/** A value as it is written in a config. */
export function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value === 'string') {
    const plain = /^[A-Za-z_./][\w./-]*$/.test(value) && !/^(true|false|null)$/i.test(value);
    return plain ? value : JSON.stringify(value);
  }
  if (typeof value === 'number') return numberText(value);
  if (value !== null && typeof value === 'object') {
    const inner = Object.entries(value).map(([key, item]) => `${key}: ${written(item)}`);
    return `{${inner.join(', ')}}`;
  }
  return String(value);
}

/** 0.00001 as people write it: 1e-5. */
function numberText(value: number): string {
  const text = String(value);
  if (value !== 0 && Math.abs(value) < 0.01 && !text.includes('e')) {
    const scientific = value.toExponential();
    return scientific.length < text.length ? scientific : text;
  }
  return text;
}

/** The default as written, or undefined. */
export function defaultText(docs: Docs): string | undefined {
  return docs.default === undefined ? undefined : written(docs.default);
}

/** 1234567 → "1.23 M". */
export function quantity(value: number): string {
  for (const [size, unit] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(3))} ${unit}`;
  }
  return String(Number(value.toPrecision(3)));
}
