/** @file How channels are divided into heads, and heads into groups: the rule that every scan with heads shares. */
import * as z from 'zod';
import type { Problem } from '../define';
import { nearestDivisor } from './divisors';

/** The option of attention's query heads. */
export const queryHeads = z
  .int()
  .positive()
  .optional()
  .describe('Query heads; about d_model / 64 unless given.')
  .meta({ symbol: 'H' });

/**
 * What is wrong when `headdim` does not divide the width or `ngroups` not the number of heads.
 * @param width its size, how to say it: `d_inner = expand · d_model`, and the options that it comes from
 */
export function headProblems(
  { headdim, ngroups }: { readonly headdim: number; readonly ngroups: number },
  width: { readonly size: number; readonly words: string; readonly options: readonly string[] },
): Problem[] {
  const nheads = width.size / headdim;
  if (!Number.isInteger(nheads)) {
    const message = `headdim (${headdim}) must divide ${width.words} (${width.size}).`;
    const suggestion = nearestDivisor(width.size, headdim);
    return [{ path: ['headdim'], others: width.options, message, suggestion }];
  }
  if (nheads % ngroups === 0) return [];
  const [name] = width.words.split(' ') as [string];
  const message = `ngroups (${ngroups}) must divide the number of heads, ${name} / headdim (${nheads}).`;
  return [{ path: ['ngroups'], message, suggestion: nearestDivisor(nheads, ngroups) }];
}
