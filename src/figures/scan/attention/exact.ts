/** @file A matrix that was asked for alone, among those of its layer. */
import type { Matrix } from '../matrix';
import type { LayerMatrices, NamedMatrix } from './data';

/** Cells along each side of a small matrix at most. */
const CELLS = 128;
/** Small matrices in a line, with the mean. */
const LINE = 5;

/** The layer with an exact matrix, which is also among the small ones. */
export function withExact(layer: LayerMatrices, exact: NamedMatrix): LayerMatrices {
  if (exact.index === null || layer.strongest.some(({ index }) => index === exact.index))
    return { ...layer, exact };
  // It takes the last place of the line, so that nothing moves.
  const others = layer.strongest.slice(0, Math.max(LINE - 2, layer.strongest.length - 1));
  return { ...layer, exact, strongest: [...others, { ...exact, ...pooled(exact) }] };
}

/** The entry of largest size of every tile, with its sign: single reads stay to be seen. */
export function pooled({ size, data, signed, causal, edges: own }: Matrix): Matrix {
  if (size <= CELLS) return { size, data, signed, causal, edges: own };
  const edges = Array.from({ length: CELLS + 1 }, (_, k) => Math.round((k * size) / CELLS));
  const tileOf = new Int32Array(size);
  for (let k = 0; k < CELLS; k++) tileOf.fill(k, edges[k], edges[k + 1]);
  const out = new Float32Array(CELLS * CELLS);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const at = tileOf[i]! * CELLS + tileOf[j]!;
      const entry = data[i * size + j]!;
      if (Math.abs(entry) > Math.abs(out[at]!)) out[at] = entry;
    }
  return { size: CELLS, data: out, signed, causal, edges };
}
