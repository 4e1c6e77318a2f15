/** @file Typed examples: labels of a vocabulary one after another, or ids. */

/** Longest example that can be typed. */
const limit = 4096;

/** Greedy by the longest label; without a vocabulary, ids apart by spaces or commas. */
export function parseTokens(
  text: string,
  vocabulary: readonly string[] | undefined,
): { ids: number[] } | { problem: string } {
  if (text === '') return { problem: 'Type at least one token.' };
  if (!vocabulary || /^[\s,\d]+$/.test(text)) {
    const words = text.split(/[\s,]+/).filter(Boolean);
    const ids = words.map(Number);
    const wrong = words.find(
      (word, index) => !/^\d+$/.test(word) || (vocabulary && ids[index]! >= vocabulary.length),
    );
    if (wrong !== undefined) return { problem: `“${wrong}” is no id.` };
    if (ids.length === 0) return { problem: 'Type at least one token.' };
    return ids.length > limit ? { problem: `At most ${limit} tokens.` } : { ids };
  }
  const byLabel = new Map(vocabulary.map((label, id) => [label, id]));
  const longest = Math.max(...vocabulary.map((label) => label.length));
  const ids: number[] = [];
  for (let at = 0; at < text.length;) {
    let found: number | undefined;
    let length = Math.min(longest, text.length - at);
    for (; length > 0; length--) {
      found = byLabel.get(text.slice(at, at + length));
      if (found !== undefined) break;
    }
    if (found === undefined) {
      // Spaces between labels are for the reader unless they are tokens themselves.
      if (/\s/.test(text[at]!)) {
        at++;
        continue;
      }
      return { problem: `“${text[at]}” is not in the vocabulary.` };
    }
    ids.push(found);
    at += length;
  }
  if (ids.length === 0) return { problem: 'Type at least one token.' };
  return ids.length > limit ? { problem: `At most ${limit} tokens.` } : { ids };
}
