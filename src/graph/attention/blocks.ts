/** @file Attention's square of queries and keys in blocks of queries, each with the keys that one of them may look at. */
import { HIDDEN } from '../hidden';
import { add, sub } from '../ops/elementwise/binary';
import { greater } from '../ops/elementwise/compare';
import { where } from '../ops/elementwise/select';
import { constant, scalar } from '../ops/leaves';
import type { Tensor } from '../types';
import type { Sight } from './attention';

/** Blocks that causal attention is divided into: more of them save little more, and each costs its own nodes. */
const BLOCKS = 4;
/** Queries of a block below which its products are too small to gain. */
const FEWEST = 64;

/** Queries [from, to) and the keys [first, end) that at least one of them may look at. */
export interface Block {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly end: number;
}

/**
 * @param row bytes of the scores of one query of all examples and heads, with all keys
 * @param largest bytes that the scores of a block should not exceed
 */
export function blocksOf(time: number, row: number, sight: Sight, largest: number): readonly Block[] {
  const { causal, window = time } = sight;
  const fitting = Math.max(1, Math.floor(largest / row));
  const useful = causal ? Math.max(FEWEST, Math.ceil(time / BLOCKS)) : time;
  const each = Math.min(fitting, useful, time);
  return Array.from({ length: Math.ceil(time / each) }, (_, i) => {
    const [from, to] = [i * each, Math.min(time, (i + 1) * each)];
    const end = causal ? to : Math.min(time, to + window - 1);
    return { from, to, first: Math.max(0, from - window + 1), end };
  });
}

/** Added to a block's scores: (query, key), zero where the query may look; undefined where all may. Layers share it. */
export function maskOf({ from, to, first, end }: Block, { causal, window }: Sight): Tensor | undefined {
  const positions = (start: number, count: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => start + i);
  const query = constant(positions(from, to - from), [to - from, 1]);
  const key = constant(positions(first, end - first), [1, end - first]);
  const hide = (condition: Tensor): Tensor => where(condition, scalar(HIDDEN), scalar(0));
  const masks: Tensor[] = [];
  if (causal && end > from + 1) masks.push(hide(greater(key, query)));
  if (window !== undefined && to - 1 - first >= window)
    masks.push(hide(greater(sub(query, key), window - 0.5)));
  if (window !== undefined && !causal && end - 1 - from >= window)
    masks.push(hide(greater(sub(key, query), window - 0.5)));
  return masks.length > 0 ? masks.reduce(add) : undefined;
}
