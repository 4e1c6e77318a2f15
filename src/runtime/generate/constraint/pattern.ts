/** @file Patterns over bytes: what a text may be, as a small algebra, and regular expressions read into it. */

/** A language over bytes. */
export type Pattern =
  | { readonly kind: 'bytes'; readonly allowed: readonly boolean[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly least: number; readonly most: number };

/** The pattern or schema cannot be used; the message says what and where. */
export class ConstraintError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConstraintError';
  }
}

export const sequence = (...parts: readonly Pattern[]): Pattern => ({ kind: 'sequence', parts });
export const choice = (...parts: readonly Pattern[]): Pattern => ({ kind: 'choice', parts });
export const repeat = (part: Pattern, least: number, most = Infinity): Pattern => ({
  kind: 'repeat',
  part,
  least,
  most,
});
export const optional = (part: Pattern): Pattern => repeat(part, 0, 1);
export const empty: Pattern = sequence();

/** One byte for which `allow` holds. */
export const byte = (allow: (value: number) => boolean): Pattern => ({
  kind: 'bytes',
  allowed: Array.from({ length: 256 }, (_, value) => allow(value)),
});
const between = (low: number, high: number): Pattern => byte((value) => value >= low && value <= high);

export const text = (value: string): Pattern =>
  sequence(...Array.from(new TextEncoder().encode(value), (code) => between(code, code)));

const tail = between(0x80, 0xbf);
/** One character outside of ASCII, as UTF-8 (RFC 3629, surrogates and overlong forms left out). */
export const beyondAscii: Pattern = choice(
  sequence(between(0xc2, 0xdf), tail),
  sequence(between(0xe0, 0xe0), between(0xa0, 0xbf), tail),
  sequence(
    byte((b) => (b >= 0xe1 && b <= 0xec) || b === 0xee || b === 0xef),
    tail,
    tail,
  ),
  sequence(between(0xed, 0xed), between(0x80, 0x9f), tail),
  sequence(between(0xf0, 0xf0), between(0x90, 0xbf), tail, tail),
  sequence(between(0xf1, 0xf3), tail, tail, tail),
  sequence(between(0xf4, 0xf4), between(0x80, 0x8f), tail, tail),
);

const DIGIT = (b: number): boolean => b >= 48 && b <= 57;
const WORD = (b: number): boolean => DIGIT(b) || (b >= 65 && b <= 90) || (b >= 97 && b <= 122) || b === 95;
const SPACE = (b: number): boolean => b === 32 || (b >= 9 && b <= 13);
const CLASSES: Readonly<Record<string, (b: number) => boolean>> = { d: DIGIT, w: WORD, s: SPACE };
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', 0: '\0' };
const MAX_REPEAT = 1000;

/** One character for which `allow` holds; `wide` lets characters beyond ASCII in. */
const character = (allow: (code: number) => boolean, wide: boolean): Pattern => {
  const ascii = byte((b) => b < 128 && allow(b));
  return wide ? choice(ascii, beyondAscii) : ascii;
};

/**
 * A regular expression: literals, classes, groups, alternatives, `* + ? {m,n}`. It must match the whole text.
 * @throws ConstraintError for what is not regular (look-around, back-references) and for mistakes
 */
export function parseRegex(source: string): Pattern {
  const chars = [...source];
  let at = 0;
  const fail = (message: string): never => {
    throw new ConstraintError(`The pattern ${JSON.stringify(source)}: ${message} at character ${at}.`);
  };
  const alternatives = (depth: number): Pattern => {
    if (depth > 64) fail('groups are nested too deeply');
    const parts = [concatenation(depth)];
    while (chars[at] === '|') {
      at++;
      parts.push(concatenation(depth));
    }
    return parts.length === 1 ? parts[0]! : choice(...parts);
  };
  const concatenation = (depth: number): Pattern => {
    const parts: Pattern[] = [];
    while (at < chars.length && chars[at] !== '|' && chars[at] !== ')') parts.push(repeated(depth));
    return sequence(...parts);
  };
  const repeated = (depth: number): Pattern => {
    let part = atom(depth);
    for (;;) {
      const sign = chars[at];
      if (sign === '*') part = repeat(part, 0);
      else if (sign === '+') part = repeat(part, 1);
      else if (sign === '?') part = optional(part);
      else if (sign === '{') {
        const match = /^\{(\d+)(,(\d*))?\}/.exec(chars.slice(at, at + 16).join(''));
        if (!match) return fail('{ needs a count, for example {2,5}');
        const least = Number(match[1]);
        const most = match[2] === undefined ? least : match[3] === '' ? Infinity : Number(match[3]);
        if (least > MAX_REPEAT || (most !== Infinity && (most > MAX_REPEAT || most < least)))
          fail(`a count is above ${MAX_REPEAT} or out of order`);
        part = repeat(part, least, most);
        at += match[0].length - 1;
      } else return part;
      at++;
      // Laziness does not change which texts match.
      if (chars[at] === '?') at++;
    }
  };
  const atom = (depth: number): Pattern => {
    const sign = chars[at++]!;
    if (sign === '(') {
      if (chars[at] === '?') {
        if (chars[at + 1] !== ':') fail('look-around and named groups are not regular');
        at += 2;
      }
      const inner = alternatives(depth + 1);
      if (chars[at] !== ')') fail('a group is not closed');
      at++;
      return inner;
    }
    if (sign === '[') return bracket();
    if (sign === '.') return character((b) => b !== 10, true);
    if (sign === '\\') return escape();
    if (sign === '^' || sign === '$') return empty;
    if ('*+?{'.includes(sign)) return fail(`${sign} has nothing to repeat`);
    return text(sign);
  };
  const escape = (): Pattern => {
    const sign = chars[at++];
    if (sign === undefined) return fail('a backslash ends the pattern');
    const known = CLASSES[sign.toLowerCase()];
    if (known)
      return sign === sign.toLowerCase() ? character(known, false) : character((b) => !known(b), true);
    if (/[1-9bBpPkuxc]/.test(sign)) return fail(`\\${sign} is not supported`);
    return text(ESCAPES[sign] ?? sign);
  };
  const bracket = (): Pattern => {
    const negative = chars[at] === '^';
    if (negative) at++;
    const allowed = new Set<number>();
    const wide: string[] = [];
    const start = at;
    while (at < chars.length && (chars[at] !== ']' || at === start)) {
      let sign = chars[at++]!;
      if (sign === '\\') {
        const escaped = chars[at++] ?? fail('a class is not closed');
        const known = CLASSES[escaped.toLowerCase()];
        if (known) {
          const take = escaped === escaped.toLowerCase() ? known : (b: number) => !known(b);
          for (let b = 0; b < 128; b++) if (take(b)) allowed.add(b);
          continue;
        }
        sign = ESCAPES[escaped] ?? escaped;
      }
      let last = sign;
      if (chars[at] === '-' && chars[at + 1] !== ']' && at + 1 < chars.length) {
        last = chars[at + 1]!;
        at += 2;
        if (last === '\\') last = ESCAPES[chars[at]!] ?? chars[at]!;
        if (last === ESCAPES[chars[at]!] || (last === chars[at] && chars[at - 1] === '\\')) at++;
      }
      const [low, high] = [sign.codePointAt(0)!, last.codePointAt(0)!];
      if (low > high) fail('a range is out of order');
      if (high >= 128 && (low !== high || negative))
        fail('ranges and negations of characters beyond ASCII are not supported');
      if (low >= 128) wide.push(sign);
      else for (let b = low; b <= high; b++) allowed.add(b);
    }
    if (chars[at] !== ']') return fail('a class is not closed');
    at++;
    if (negative) return character((b) => !allowed.has(b), true);
    const ascii = byte((b) => allowed.has(b));
    return wide.length > 0 ? choice(ascii, ...wide.map(text)) : ascii;
  };
  const whole = alternatives(0);
  if (at < chars.length) fail('there is a ) too many');
  return whole;
}
