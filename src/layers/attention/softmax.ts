/** @file Softmax attention over grouped heads: everywhere, or in blocks where a window makes most scores vanish. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';

/** What a query may look at. */
export interface Sight extends g.Sight {
  /** 0 for padding (batch, time), which nobody looks at; it stands behind what a causal query sees. */
  readonly real?: Tensor | undefined;
}

export interface Heads {
  /** (batch, heads, time, head_dim), already scaled; heads that share a key head stand next to each other. */
  readonly q: Tensor;
  /** (batch, key heads, time, head_dim) */
  readonly k: Tensor;
  readonly v: Tensor;
}

/** Whether a query at position `query` may look at `key`. */
const sees = (query: number, key: number, { causal, window }: Sight): boolean =>
  (!causal || key <= query) && (window === undefined || Math.abs(query - key) < window);

/** Added to scores: zero where `seen`, HIDDEN elsewhere. */
const mask = (rows: number, columns: number, seen: (row: number, column: number) => boolean): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, i) =>
    seen(Math.floor(i / columns), i % columns) ? 0 : g.HIDDEN,
  );

/** Scores with all others: (batch, heads, query, key) weights, and their mean of the values. */
export function attendAll(
  { q, k, v }: Heads,
  sight: Sight,
): { readonly weights: Tensor; readonly mixed: Tensor } {
  const [batch, heads, length, width] = q.shape as [number, number, number, number];
  const shared = k.shape[1]!;
  // The queries that share a key head stand below each other: one product per key head.
  const rows = (heads / shared) * length;
  const scores = g.matmul(g.reshape(q, [batch, shared, rows, width]), g.transpose(k, [0, 1, 3, 2]));
  const square = hide(g.reshape(scores, [batch, heads, length, length]), length, sight);
  const weights = g.softmax(square, 3);
  const mixed = g.matmul(g.reshape(weights, [batch, shared, rows, length]), v);
  return { weights, mixed: g.reshape(mixed, [batch, heads, length, width]) };
}

/** Scores (…, query, key) without what a query may not see. */
function hide(scores: Tensor, length: number, { causal, window, real }: Sight): Tensor {
  const positions = g.iota(length);
  const [query, key] = [g.unsqueeze(positions, 1), g.unsqueeze(positions, 0)];
  let shown = scores;
  if (causal) shown = g.where(g.greater(key, query), g.scalar(g.HIDDEN), shown);
  if (!causal) shown = hidePadding(shown, real);
  if (window === undefined || window >= length) return shown;
  const distance = g.sub(g.cast(query, 'float32'), g.cast(key, 'float32'));
  const far = g.greater(causal ? distance : g.abs(distance), window - 0.5);
  return g.where(far, g.scalar(g.HIDDEN), shown);
}

/** Scores (batch, heads, query, key) without those of padding, `real` (batch, time) 0. */
export function hidePadding(scores: Tensor, real: Tensor | undefined): Tensor {
  if (!real) return scores;
  return g.where(g.less(g.unsqueeze(g.unsqueeze(real, 1), 1), 0.5), g.scalar(g.HIDDEN), scores);
}

/** Whether blocks as long as the window save more than half of the scores. */
export const blocksPay = (length: number, { window, causal }: Sight): boolean =>
  window !== undefined && length > (causal ? 4 : 6) * window;

/**
 * The same mean of the values, with blocks of `window` positions that see themselves and their neighbours only:
 * time and memory grow with length · window.
 */
export function attendBlocks({ q, k, v }: Heads, sight: Sight & { readonly window: number }): Tensor {
  const [batch, heads, length, width] = q.shape as [number, number, number, number];
  const { window: size, causal, real } = sight;
  const shared = k.shape[1]!;
  const group = heads / shared;
  const blocks = Math.ceil(length / size);
  const spans = causal ? 2 : 3;
  const padded = g.pad(q, 2, 0, blocks * size - length);
  const grouped = g.reshape(padded, [batch, shared, group, blocks, size, width]);
  const rows = g.reshape(g.transpose(grouped, [0, 1, 3, 2, 4, 5]), [
    batch,
    shared,
    blocks,
    group * size,
    width,
  ]);
  const keys = neighbours(k, size, blocks, causal);
  const scores = g.matmul(rows, g.transpose(keys, [0, 1, 2, 4, 3]));
  const columns = spans * size;
  const near = mask(size, columns, (i, j) => sees(i + size, j, sight));
  const inside = mask(blocks, columns, (block, j) => {
    const key = (block - 1) * size + j;
    return key >= 0 && key < length;
  });
  const hidden = g.add(g.constant(near, [1, 1, size, columns]), g.constant(inside, [blocks, 1, 1, columns]));
  const shape = [batch, shared, blocks, group, size, columns];
  const shown = g.add(g.reshape(scores, shape), hidden);
  const weights = g.softmax(causal || !real ? shown : g.add(shown, paddingOf(real, size, blocks)), 5);
  const flat = g.reshape(weights, [batch, shared, blocks, group * size, columns]);
  const mixed = g.reshape(g.matmul(flat, neighbours(v, size, blocks, causal)), [
    batch,
    shared,
    blocks,
    group,
    size,
    width,
  ]);
  const ordered = g.reshape(g.transpose(mixed, [0, 1, 3, 2, 4, 5]), [batch, heads, blocks * size, width]);
  return g.slice(ordered, 2, 0, length);
}

/** HIDDEN for padding in sight of a block, from `real` (batch, time): (batch, 1, block, 1, 1, key). */
function paddingOf(real: Tensor, size: number, blocks: number): Tensor {
  const [batch, length] = real.shape as [number, number];
  const around = neighbours(g.reshape(real, [batch, 1, length, 1]), size, blocks, false);
  return g.reshape(g.mul(g.sub(1, around), g.HIDDEN), [batch, 1, blocks, 1, 1, 3 * size]);
}

/** Every block with the one before it and, unless causal, the one behind: (batch, heads, block, position, width). */
export function neighbours(x: Tensor, size: number, blocks: number, causal: boolean): Tensor {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  const padded = g.pad(x, 2, size, (blocks + (causal ? 0 : 1)) * size - length);
  const spans = Array.from({ length: causal ? 2 : 3 }, (_, i) => {
    const part = g.slice(padded, 2, i * size, (i + blocks) * size);
    return g.reshape(part, [batch, heads, blocks, size, width]);
  });
  return g.concat(spans, 3);
}
