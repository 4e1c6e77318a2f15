/** @file Random nested expressions over digits, as token ids, with their value (Nangia & Bowman, 2018). */
import type { Random } from '../../../util/random';

export const PADDING = 0;
const FIRST_DIGIT = 1;
const OPERATORS = ['MIN', 'MAX', 'MED', 'SM'] as const;
const FIRST_OPERATOR = 11;
export const CLOSE = FIRST_OPERATOR + OPERATORS.length;
export const VOCABULARY = CLOSE + 1;

export function tokenLabel(id: number): string {
  if (id === PADDING) return '·';
  if (id < FIRST_OPERATOR) return String(id - FIRST_DIGIT);
  return id === CLOSE ? ']' : `[${OPERATORS[id - FIRST_OPERATOR]}`;
}

/** What the four operators give; the median of an even number of digits is rounded down. */
function apply(operator: number, digits: readonly number[]): number {
  if (operator === 0) return Math.min(...digits);
  if (operator === 1) return Math.max(...digits);
  if (operator === 3) return digits.reduce((sum, digit) => sum + digit, 0) % 10;
  const sorted = digits.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return Math.floor((sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2);
}

/** Chance that a place holds an expression rather than a digit, as in the published generator. */
const NESTED = 0.25;

export interface Limits {
  /** Tokens of the whole expression. */
  readonly shortest: number;
  readonly longest: number;
  readonly max_depth: number;
  readonly max_args: number;
}

/** Thrown inside to give up an expression that has become too long. */
const TOO_LONG = Symbol('too long');

/** Draws until the length fits, as the published generator does. */
export function drawExpression(
  random: Random,
  limits: Limits,
): { readonly tokens: readonly number[]; readonly value: number } {
  for (;;) {
    const tokens: number[] = [];
    try {
      const value = draw(random, limits, tokens, 1);
      if (tokens.length >= limits.shortest) return { tokens, value };
    } catch (reason) {
      if (reason !== TOO_LONG) throw reason;
    }
  }
}

function draw(random: Random, limits: Limits, tokens: number[], depth: number): number {
  if (tokens.length >= limits.longest) throw TOO_LONG;
  // A lone digit is no expression: the outermost place always holds an operator.
  if (depth > 1 && (depth >= limits.max_depth || random.uniform() >= NESTED)) {
    const digit = random.integer(10);
    tokens.push(FIRST_DIGIT + digit);
    return digit;
  }
  const operator = random.integer(OPERATORS.length);
  tokens.push(FIRST_OPERATOR + operator);
  const count = 2 + random.integer(limits.max_args - 1);
  const values = Array.from({ length: count }, () => draw(random, limits, tokens, depth + 1));
  if (tokens.length >= limits.longest) throw TOO_LONG;
  tokens.push(CLOSE);
  return apply(operator, values);
}
