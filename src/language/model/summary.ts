/** @file What the layers of a config come to, in one line. */
import type { Analysis } from '../analyse';
import { memoryEstimate } from './memory';
import { costOf, parameterTotal } from './totals';
import { quantity } from '../words';

/** `2 layers, 21 k parameters`; undefined where there are no layers. */
export function stackLine(analysis: Analysis): string | undefined {
  const { total: count } = analysis.stack;
  if (count === 0) return undefined;
  const total = parameterTotal(analysis);
  const layers = `${count} layer${count === 1 ? '' : 's'}`;
  return total === undefined ? layers : `${layers}, ${quantity(total)} parameters`;
}

/** The same with the work of a token and the memory that training takes, as far as they are known. */
export function stackCosts(analysis: Analysis): string | undefined {
  const line = stackLine(analysis);
  if (line === undefined) return undefined;
  const flops = costOf(analysis)?.flopsPerToken;
  const memory = memoryEstimate(analysis);
  return [
    line,
    ...(flops === undefined ? [] : [`${quantity(flops)}FLOP per token forward`]),
    ...(memory === undefined ? [] : [`about ${quantity(memory.total)}B of memory to train`]),
  ].join(', ');
}
