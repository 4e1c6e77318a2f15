/**
 * @file JSON as Python's `json` writes it: the bare words Infinity, -Infinity and NaN are allowed, as in the
 * `time_step_limit` of published Mamba-2 configs.
 */

import { excessOf } from './json-size';

/** Marks a bare word inside the rewritten text; a private-use character that no key begins with. */
const MARK = '\ue000';
const WORDS = /"(?:[^"\\]|\\.)*"|-?Infinity\b|\bNaN\b/g;

/** No config comes near them. */
const LIMITS = { depth: 64, items: 1_000_000 };

/** @throws SyntaxError for anything that is not JSON with these three words, or is nested or long beyond any config */
export function parsePythonJson(text: string): unknown {
  const excess = excessOf(text, LIMITS);
  if (excess?.problem === 'nested too deeply')
    throw new SyntaxError(`Brackets are nested more than ${LIMITS.depth} deep (character ${excess.at}).`);
  if (excess) throw new SyntaxError(`There are more than ${LIMITS.items} items (character ${excess.at}).`);
  const marked = text.replace(WORDS, (word) => (word.startsWith('"') ? word : JSON.stringify(MARK + word)));
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(1)) : value,
  );
}

/** Two-space indented JSON; non-finite numbers become the bare words. */
export function stringifyPythonJson(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, part: unknown) => (typeof part === 'number' && !Number.isFinite(part) ? `${MARK}${part}` : part),
    2,
  );
  return text.replace(new RegExp(`"${MARK}(-?Infinity|NaN)"`, 'g'), '$1');
}
