/** @file How deep JSON nests, told before it is parsed: parsing builds a list per bracket, and its walkers recurse. */

const [QUOTE, BACKSLASH] = [34, 92];
const OPENING = new Set([91, 123]);
const CLOSING = new Set([93, 125]);

/** Where `text` nests deeper than `limit`; undefined when it does not. Brackets in strings do not count. */
export function tooDeepAt(text: string, limit: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (OPENING.has(code) && ++depth > limit) return at;
    else if (CLOSING.has(code)) depth--;
  }
  return undefined;
}
