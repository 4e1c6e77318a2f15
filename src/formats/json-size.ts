/**
 * @file How deep JSON nests and how much it holds, told before it is parsed: parsing builds a list or a mapping per
 * bracket, and its walkers recurse.
 */

const [QUOTE, COMMA, BACKSLASH] = [34, 44, 92];
const OPENING = new Set([91, 123]);
const CLOSING = new Set([93, 125]);

export interface JsonLimits {
  readonly depth: number;
  /** Lists, mappings and what follows the first item in one. */
  readonly items?: number;
  /** Characters between two quotes. */
  readonly string?: number;
}

export interface JsonExcess {
  readonly problem: 'nested too deeply' | 'too many items' | 'a text that is too long';
  /** Index of the character that goes too far. */
  readonly at: number;
}

/** Where `text` first exceeds a limit; undefined when it does not. What stands in strings does not count. */
export function excessOf(
  text: string,
  { depth: deepest, items: most = Infinity, string: longest = Infinity }: JsonLimits,
): JsonExcess | undefined {
  let [depth, items] = [0, 0];
  let opened = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (opened >= 0) {
      if (at - opened > longest) return { problem: 'a text that is too long', at: opened };
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) opened = -1;
    } else if (code === QUOTE) opened = at;
    else if (OPENING.has(code) && ++depth > deepest) return { problem: 'nested too deeply', at };
    else if ((code === COMMA || OPENING.has(code)) && ++items > most)
      return { problem: 'too many items', at };
    else if (CLOSING.has(code)) depth--;
  }
  return undefined;
}
