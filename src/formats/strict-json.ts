/**
 * @file JSON with the two checks that `JSON.parse` leaves out and that untrusted headers need: no key twice in
 * one object (also when one of them is written with escapes), and every number a plain non-negative integer.
 */
import { excessOf } from './json-size';

/** What is wrong with a text, at which character. */
export class StrictJsonError extends Error {
  constructor(message: string, at: number) {
    super(`${message} (character ${at})`);
    this.name = 'StrictJsonError';
  }
}

/**
 * A tensor of two axes makes nine items of a header; files of published models have at most some thousand tensors. The
 * longest texts are what training tools note of themselves.
 */
const LIMITS = { depth: 32, items: 1_000_000, string: 8_000_000 };
/** Where a token begins. */
const TOKEN = /[{}[\],"\d-]/g;

/**
 * Parses `text` and walks it once more for duplicate keys, lone surrogates and numbers that are not written as
 * plain digits.
 * @throws StrictJsonError saying what was found and where
 */
export function parseStrictJson(text: string): unknown {
  const excess = excessOf(text, LIMITS);
  if (excess) throw new StrictJsonError(excess.problem, excess.at);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StrictJsonError(`not valid JSON: ${(error as Error).message}`, 0);
  }
  // The text is valid JSON from here on, so that a token scan cannot lose its place.
  const objects: (Set<string> | undefined)[] = [];
  let expectKey = false;
  for (let at = 0; ;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (!token) return value;
    const [character] = token;
    at = token.index;
    if (character === '{' || character === '[') {
      objects.push(character === '{' ? new Set() : undefined);
      expectKey = character === '{';
      at++;
    } else if (character === '}' || character === ']') {
      objects.pop();
      expectKey = false;
      at++;
    } else if (character === ',') {
      expectKey = objects.at(-1) !== undefined;
      at++;
    } else if (character === '"') {
      const end = endOfString(text, at);
      const string = JSON.parse(text.slice(at, end)) as string;
      if (/\p{Surrogate}/u.test(string)) throw new StrictJsonError('text that is not valid Unicode', at);
      if (expectKey) {
        const keys = objects.at(-1)!;
        if (keys.has(string))
          throw new StrictJsonError(`the name ${JSON.stringify(string)} occurs twice`, at);
        keys.add(string);
        expectKey = false;
      }
      at = end;
    } else {
      const [number] = /^[-+.0-9eE]+/.exec(text.slice(at, at + 64))!;
      if (!/^\d+$/.test(number)) {
        throw new StrictJsonError(`expected a non-negative whole number, found ${number}`, at);
      }
      at += number.length;
    }
  }
}

/** Index behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
