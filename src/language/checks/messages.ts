/** @file The schema's issues in the field's words, at the range they belong to. */
import type * as z from 'zod';
import {
  child,
  diagnose,
  find,
  headWhere,
  insertKey,
  isFlow,
  nearest,
  textAt,
  valueWhere,
  type ConfigNode,
  type Diagnostic,
  type Found,
  type MapNode,
  type Path,
  type ScalarNode,
  type Where,
} from '../../config';
import type { Language } from '../language';
import { narrow, type Located, type Type } from '../schema/types';
import { placeName, unknownKey } from './unknown';
import { code, expectation, found, list, written } from '../words';

type Issue = z.core.$ZodIssue;

/** All issues of one validation as diagnostics; the schema's own sentences are never shown. */
export function explainIssues(issues: readonly Issue[], root: ConfigNode, language: Language): Diagnostic[] {
  return issues.flatMap((issue) => explain(issue, [], root, language));
}

function explain(issue: Issue, base: Path, root: ConfigNode, language: Language): Diagnostic[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const at = find(root, path);
  const located = language.locate(path, root);
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, at, path, root, language);
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branch = chooseBranch(issue, at, located?.type);
    if (branch) return branch.flatMap((inner) => explain(inner, path, root, language));
  }
  if (issue.code === 'custom')
    return [diagnose(valueWhere(at), 'error', 'invalid-combination', issue.message)];
  if (!at.exact) return [missing(path, at, located, root)];
  return [mismatch(path, at, located)];
}

function unknownKeys(
  keys: readonly string[],
  at: Found,
  path: Path,
  root: ConfigNode,
  language: Language,
): Diagnostic[] {
  const { node } = at;
  if (node.kind !== 'map') return [];
  const outer = language.locate(path, root)?.type;
  const tag = (key: string): string | undefined => {
    const sibling = child(node, key);
    return sibling?.kind === 'scalar' ? String(sibling.value ?? '') : sibling && '';
  };
  const type = outer && narrow(outer, tag);
  return keys.flatMap((key) => {
    const entry = node.entries.get(key);
    const known = type?.kind === 'map' || type?.kind === 'variants' ? type : undefined;
    return entry ? [unknownKey(entry, node, known, path, language)] : [];
  });
}

/** The branch of a union that the written value most plainly means. */
function chooseBranch(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  at: Found,
  type: Type | undefined,
): Issue[] | undefined {
  const { node } = at;
  if (!at.exact || node.kind === 'scalar') return undefined;
  if (type?.kind === 'variants' && node.kind === 'map') {
    // The composed schema puts the tagged variants first and the other shapes behind, in order.
    const other = node.entries.has(type.key)
      ? -1
      : [...type.others.keys()].findIndex((key) => node.entries.has(key));
    return issue.errors[other + 1];
  }
  if (type?.kind === 'either') {
    const index = type.options.findIndex((option) =>
      node.kind === 'list' ? option.kind === 'list' || option.kind === 'tuple' : option.kind === 'map',
    );
    return index < 0 ? undefined : issue.errors[index];
  }
  return undefined;
}

function missing(path: Path, at: Found, located: Located | undefined, root: ConfigNode): Diagnostic {
  const key = String(path[path.length - 1]);
  const place = placeName(at.path, at.node.kind === 'map' ? at.node : undefined);
  const subject =
    place === 'the config' ? 'The config' : place.startsWith('a ') ? `A${place.slice(1)}` : place;
  const message = `${subject} needs ${code(key)}${describeField(located)}`;
  const where = headWhere(at.path.length === 0 ? { ...at, node: root } : at);
  const start =
    located && at.node.kind === 'map' ? insertKey(at.node, key, starter(located.type)) : undefined;
  return diagnose(where, 'error', 'missing-key', message, start ? { fix: start } : {});
}

/** A first value for a missing key. */
function starter(type: Type): string {
  if (type.kind === 'choice') return written(type.values[0]);
  if (type.kind === 'number') return type.whole ? '64' : '1e-3';
  if (type.kind === 'variants') {
    return type.key === 'mixer' ? '{mixer: mamba}' : (type.variants.keys().next().value ?? '');
  }
  if (type.kind === 'list') return type.item.kind === 'variants' ? `\n  - ${starter(type.item)}` : '[]';
  if (type.kind === 'map') {
    const needed = [...type.fields.values()].filter((field) => field.required);
    return needed
      .map((field) => {
        const value = starter(field.type).replaceAll('\n', '\n  ');
        return `\n  ${field.key}:${value.startsWith('\n') ? '' : ' '}${value}`;
      })
      .join('');
  }
  return '';
}

/** ", a positive whole number. Width of the residual stream." */
function describeField(located: Located | undefined): string {
  if (!located) return '..';
  const { type, field } = located;
  const simple = !['map', 'variants', 'any', 'record'].includes(type.kind);
  const expected = simple ? `, ${expectation(type)}` : '';
  const text = field?.docs.description;
  return `${expected}.${text ? ` ${text}` : ''}`;
}

/** A value is there and does not fit. */
function mismatch(path: Path, at: Found, located: Located | undefined): Diagnostic {
  const { node } = at;
  const name = fieldName(path);
  const type = located?.type ?? { kind: 'any' };
  const where = valueWhere(at);
  if (node.kind === 'scalar' && node.value === null) {
    return diagnose(where, 'error', 'empty-value', `${name} is empty: expected ${expectation(type)}.`);
  }
  const tag = tagOf(path, located);
  if (node.kind === 'scalar' && (type.kind === 'choice' || tag)) return unknownWord(name, node, type, at);
  const suggestion = repair(node, type);
  if (node.kind === 'list' && (type.kind === 'list' || type.kind === 'tuple')) {
    return diagnose(where, 'error', 'wrong-length', lengthMessage(name, node.items.length, type));
  }
  if (type.kind === 'number' && node.kind === 'scalar' && typeof node.value === 'number') {
    const message = `${name} must be ${expectation(type)}; found ${code(node.value)}.`;
    return diagnose(where, 'error', 'out-of-range', message, suggestion === undefined ? {} : { suggestion });
  }
  if (node.kind === 'map' && type.kind === 'list') return listWithoutDash(name, node, type, where);
  const hint = explainText(node, type, suggestion);
  const message = `${name} must be ${expectation(type)}; found ${found(node)}.${hint}`;
  return diagnose(where, 'error', 'wrong-type', message, suggestion === undefined ? {} : { suggestion });
}

/** A list whose only entry lacks its dash. */
function listWithoutDash(name: string, node: MapNode, type: Type, where: Where): Diagnostic {
  const message = `${name} must be ${expectation(type)}; found one mapping: begin each entry with \`- \`.`;
  const text = textAt(node.where);
  const wrapped = isFlow(node) ? `[${text}]` : `- ${text.replaceAll('\n', '\n  ')}`;
  const fix = { title: 'Make it a list of one', start: node.where.start, end: node.where.end, text: wrapped };
  return diagnose(where, 'error', 'wrong-type', message, { fix });
}

const tagOf = (path: Path, located: Located | undefined): boolean =>
  located?.type.kind === 'choice' && located.field?.key === path[path.length - 1];

function lengthMessage(
  name: string,
  length: number,
  type: Extract<Type, { kind: 'list' | 'tuple' }>,
): string {
  if (type.kind === 'list' && length === 0) {
    const example =
      type.item.kind === 'variants' && type.item.key === 'mixer' ? ', for example `- mixer: mamba`' : '';
    return `${name} is empty: write at least one entry${example}.`;
  }
  if (type.kind === 'list' && type.maximum === Infinity)
    return `${name} must be ${expectation(type)}, at least ${type.minimum}; this list has ${length}.`;
  const wanted = type.kind === 'tuple' ? type.items.length : `${type.minimum} to ${type.maximum}`;
  return `${name} must be ${expectation(type)}; this list has ${length} of ${wanted}.`;
}

/** What the value of a discriminator is called. */
const tagged: Readonly<Record<string, string>> = {
  mixer: 'a mixer',
  'data.type': 'a data set',
  'task.type': 'a task',
};

function unknownWord(name: string, node: ScalarNode, type: Type, at: Found): Diagnostic {
  const values = type.kind === 'choice' ? type.values.map(String) : [];
  const word = String(node.value);
  const guess = nearest(word, values);
  const mean = guess === undefined ? '' : ` Did you mean ${code(guess)}?`;
  const what = at.path.length === 2 ? tagged[`${at.path[0]}.${at.path[1]}`] : tagged[at.entry?.key ?? ''];
  const shown = values.length > 12 ? [...values.slice(0, 12).map(code), '…'] : values.map(code);
  const message = what
    ? `${code(word)} is not ${what}.${mean} Possible: ${list(shown)}.`
    : `${name} must be ${expectation(type)}; found ${found(node)}.${mean}`;
  return diagnose(
    valueWhere(at),
    'error',
    'unknown-value',
    message,
    guess === undefined ? {} : { suggestion: guess },
  );
}

/** The name of what is wrong: the last key, with the index for list entries. */
function fieldName(path: Path): string {
  const last = path[path.length - 1];
  if (last === undefined) return 'The config';
  if (typeof last === 'string') return code(last);
  const owner = [...path].reverse().find((step) => typeof step === 'string');
  return owner === 'layers' || owner === 'block' ? 'A layer' : `Entry ${last} of ${code(owner)}`;
}

/** The value that was probably meant, as text to write. */
function repair(node: ConfigNode, type: Type): string | undefined {
  if (type.kind === 'either') {
    for (const option of type.options) {
      const text = repair(node, option);
      if (text !== undefined) return text;
    }
    return undefined;
  }
  if (type.kind === 'list' && node.kind === 'scalar' && node.value !== null && fits(node, type.item)) {
    return `[${written(node.value)}]`;
  }
  if (node.kind !== 'scalar') return undefined;
  if (type.kind === 'variants') {
    return type.variants.has(String(node.value)) ? `{${type.key}: ${String(node.value)}}` : undefined;
  }
  if (type.kind === 'choice')
    return node.value === Infinity && type.values.includes('inf') ? 'inf' : undefined;
  if (type.kind === 'map') {
    // `schedule: cosine` is meant as `schedule: {name: cosine}`.
    const field = [...type.fields.values()].find(
      (f) => f.type.kind === 'choice' && f.type.values.includes(node.value ?? ''),
    );
    return field && `{${field.key}: ${written(node.value)}}`;
  }
  if (type.kind === 'switch') {
    const word = String(node.value).toLowerCase();
    if (['yes', 'on', 'true', '1', 'y'].includes(word)) return 'true';
    if (['no', 'off', 'false', '0', 'n'].includes(word)) return 'false';
  }
  if (type.kind === 'number') {
    if (typeof node.value === 'number' && type.whole && !Number.isInteger(node.value)) {
      const rounded = Math.round(node.value);
      return fits({ ...node, value: rounded }, type) ? String(rounded) : undefined;
    }
    const value = typeof node.value === 'string' ? numberFrom(node.value) : undefined;
    if (value !== undefined && fits({ ...node, value }, type)) return written(value);
  }
  return undefined;
}

function fits(node: ScalarNode, type: Type): boolean {
  if (type.kind === 'text') return typeof node.value === 'string';
  if (type.kind !== 'number' || typeof node.value !== 'number') return false;
  return (
    (!type.whole || Number.isInteger(node.value)) &&
    node.value >= (type.minimum ?? -Infinity) &&
    node.value <= (type.maximum ?? Infinity) &&
    node.value > (type.exclusiveMinimum ?? -Infinity) &&
    node.value < (type.exclusiveMaximum ?? Infinity)
  );
}

const scales: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6, G: 1e9 };

/** Numbers as people write them and YAML does not read them: `1_000`, `1,000`, `10k`, `"16"`. */
function numberFrom(text: string): number | undefined {
  const match = /^\s*([-+]?[\d_.,]+(?:[eE][-+]?\d+)?)\s*([kKMG]?)\s*$/.exec(text);
  if (!match) return undefined;
  const [, digits = '', unit = ''] = match;
  const value = Number(digits.replace(/_|,(?=\d{3}(?!\d))/g, '')) * (scales[unit] ?? 1);
  return Number.isFinite(value) ? value : undefined;
}

/** Why a value that looks right is not. */
function explainText(node: ConfigNode, type: Type, suggestion: string | undefined): string {
  if (suggestion === undefined || node.kind !== 'scalar' || typeof node.value !== 'string') return '';
  if (node.quoted) return ` Quotes make it text: write ${code(suggestion)}.`;
  if (['list', 'map', 'variants'].includes(type.kind)) return ` Write ${code(suggestion)}.`;
  return ` YAML reads this as text: write ${code(suggestion)}.`;
}
