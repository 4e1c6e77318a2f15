/** @file From how far back a contribution comes, in words: the token that outweighs all others, or the last tokens. */
import { percent, visible } from '../../core/format';
import { within } from './reach';

const total = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

/** Never rounded up: 99.7 % is not all. */
const shareOf = (part: number, whole: number): string => percent(Math.floor((100 * part) / whole) / 100, 0);

/** `90 % from the last 19 tokens`; where one token does not outweigh all others, they are two at least. */
const lastTokens = (values: ArrayLike<number>, share: number): string =>
  `${percent(share, 0)} from the last ${within(values, share) + 1} tokens`;

/** Where half of all comes from one token: its share, how many tokens back it is and its label. */
function dominant(values: ArrayLike<number>, sum: number): { at: number; share: number } | undefined {
  for (let at = 0; at < values.length; at++)
    if (values[at]! >= sum / 2) return { at, share: values[at]! / sum };
  return undefined;
}

/**
 * `94 % from one token, “m”, 18 back · 90 % from the last 19 tokens`
 * @param values contribution of each token up to the playhead, ≥ 0; the last is the playhead's
 * @param label of a token
 */
export function reachWords(values: ArrayLike<number>, label: (position: number) => string): string {
  const sum = total(values);
  if (!(sum > 0)) return 'nothing is held';
  const one = dominant(values, sum);
  if (!one) return `${lastTokens(values, 0.5)} · ${lastTokens(values, 0.9)}`;
  const back = values.length - 1 - one.at;
  const which = back === 0 ? 'this token itself' : `one token, “${visible(label(one.at))}”, ${back} back`;
  const share = `${shareOf(values[one.at]!, sum)} from ${which}`;
  return one.share >= 0.9 ? share : `${share} · ${lastTokens(values, 0.9)}`;
}
