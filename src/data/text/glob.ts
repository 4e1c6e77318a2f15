/**
 * @file Files by pattern: `*` and `?` within a name, `[abc]` and `[!a-z]`, `**` for any folders, `{a,b}` for
 * alternatives. Matching is linear in the name for every pattern, so a config cannot make it hang.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';

const MAGIC = /[*?[\]{}]/;
const MAX_ALTERNATIVES = 1000;

export const hasWildcard = (pattern: string): boolean => MAGIC.test(pattern);

/** `a{b,c}d` → `abd`, `acd`; nested and several. @throws Error when there are too many */
export function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{');
  if (open < 0) return [pattern];
  const parts: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === '{') depth++;
    else if (character === ',' && depth === 1) {
      parts.push(pattern.slice(from, i));
      from = i + 1;
    } else if (character === '}' && --depth === 0) {
      parts.push(pattern.slice(from, i));
      const rests = expandBraces(pattern.slice(i + 1));
      const heads = parts.flatMap(expandBraces);
      if (heads.length * rests.length > MAX_ALTERNATIVES) {
        throw new Error(`the pattern has more than ${MAX_ALTERNATIVES} alternatives`);
      }
      return heads.flatMap((head) => rests.map((rest) => pattern.slice(0, open) + head + rest));
    }
  }
  // Without its end, a brace is a character like others.
  return [pattern];
}

type Part = '*' | ((character: string) => boolean);

/** Compiles one path segment without `**`. */
function segmentParts(segment: string): Part[] {
  const characters = [...segment];
  const parts: Part[] = [];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    const close = character === '[' ? characters.indexOf(']', i + 2) : -1;
    if (character === '*') {
      if (parts.at(-1) !== '*') parts.push('*');
    } else if (character === '?') parts.push(() => true);
    else if (close > 0) {
      parts.push(characterClass(characters.slice(i + 1, close)));
      i = close;
    } else parts.push((other) => other === character);
  }
  return parts;
}

function characterClass(inside: string[]): (character: string) => boolean {
  const negated = inside[0] === '!' || inside[0] === '^';
  const members = negated ? inside.slice(1) : inside;
  const ranges: [string, string][] = [];
  for (let i = 0; i < members.length; i++) {
    if (members[i + 1] === '-' && i + 2 < members.length) {
      ranges.push([members[i]!, members[i + 2]!]);
      i += 2;
    } else ranges.push([members[i]!, members[i]!]);
  }
  return (character) => ranges.some(([low, high]) => low <= character && character <= high) !== negated;
}

/** Whether a file or folder name matches one segment; names that begin with a dot want a pattern that does. */
export function matchSegment(segment: string, name: string): boolean {
  if (name.startsWith('.') && !segment.startsWith('.')) return false;
  const parts = segmentParts(segment);
  const characters = [...name];
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < characters.length) {
    const part = parts[p];
    if (part === '*') {
      star = p++;
      resume = n;
    } else if (part !== undefined && part(characters[n]!)) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (parts[p] === '*') p++;
  return p === parts.length;
}

/** Files that match, each once, in the order of their paths. `pattern` starts from `base` unless absolute. */
export async function glob(pattern: string, base: string): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (folder: string, segments: readonly string[]): Promise<void> => {
    const [segment, ...rest] = segments;
    if (segment === undefined) return;
    if (segment !== '**' && !hasWildcard(segment)) {
      const path = join(folder, segment);
      if (rest.length > 0) return visit(path, rest);
      if ((await stat(path).catch(() => undefined))?.isFile() === true) found.add(path);
      return;
    }
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (segment === '**') {
      await visit(folder, rest.length === 0 ? ['*'] : rest);
      for (const entry of entries) {
        // Links are not followed here: they may lead back up.
        if (entry.isDirectory() && !entry.name.startsWith('.'))
          await visit(join(folder, entry.name), segments);
      }
      return;
    }
    for (const { name } of entries.filter((entry) => matchSegment(segment, entry.name))) {
      const path = join(folder, name);
      const kind = await stat(path).catch(() => undefined);
      if (rest.length > 0 && kind?.isDirectory() === true) await visit(path, rest);
      if (rest.length === 0 && kind?.isFile() === true) found.add(path);
    }
  };
  for (const alternative of expandBraces(pattern.replaceAll('\\', '/'))) {
    const { root } = parse(alternative);
    const segments = alternative
      .slice(root.length)
      .split('/')
      .filter(
        (segment, i, all) => segment !== '' && segment !== '.' && !(segment === '**' && all[i - 1] === '**'),
      );
    await visit(root === '' ? base : root, segments);
  }
  return [...found].sort();
}
