/** @file Enlarging images, channels first. */
import { check } from '../../errors';
import type { Tensor } from '../../types';
import { constant } from '../leaves';
import { matmul } from '../matrix/matmul';
import { expand } from '../shape/expand';
import { reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';

/** Every value becomes a block of `scale` equal values along each spatial axis: x (N, C, …). */
export function upsampleNearest(x: Tensor, scale: number): Tensor {
  check(
    Number.isInteger(scale) && scale >= 1,
    'upsampleNearest',
    `the scale ${scale} is not an integer ≥ 1`,
    [x],
  );
  const lead = x.shape.slice(0, 2);
  const spatial = x.shape.slice(2);
  const blocks = expand(reshape(x, [...lead, ...spatial.flatMap((n) => [n, 1])]), [
    ...lead,
    ...spatial.flatMap((n) => [n, scale]),
  ]);
  return reshape(blocks, [...lead, ...spatial.map((n) => n * scale)]);
}

/** (to, from): weights of linear interpolation along one axis. */
function weights(from: number, to: number, alignCorners: boolean): Float32Array {
  const table = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const ratio = alignCorners ? (to > 1 ? (from - 1) / (to - 1) : 0) : from / to;
    const at = alignCorners ? i * ratio : Math.max(0, (i + 0.5) * ratio - 0.5);
    const low = Math.min(Math.floor(at), from - 1);
    const part = at - low;
    table[i * from + low]! += 1 - part;
    table[i * from + Math.min(low + 1, from - 1)]! += part;
  }
  return table;
}

/**
 * Linear interpolation along every spatial axis (bilinear for images), as PyTorch's interpolate: a product with a
 * fixed matrix along each axis.
 * @param x (N, C, …)
 * @param extents of the result's spatial axes
 * @param options.alignCorners the corners of input and result coincide, instead of their outer edges
 */
export function upsampleLinear(
  x: Tensor,
  extents: readonly number[],
  { alignCorners = false }: { readonly alignCorners?: boolean } = {},
): Tensor {
  const rank = x.shape.length;
  const fits = extents.length === rank - 2 && extents.every((n) => Number.isInteger(n) && n >= 1);
  check(fits, 'upsampleLinear', `[${extents.join(', ')}] are not the extents of a result`, [x]);
  return extents.reduce((y, to, i) => {
    const axis = i + 2;
    const from = y.shape[axis]!;
    if (from === to) return y;
    const table = constant(weights(from, to, alignCorners), [to, from]);
    if (axis === rank - 1) return matmul(y, transpose(table, [1, 0]));
    const last = [...y.shape.keys()].filter((k) => k !== axis);
    const moved = matmul(transpose(y, [...last, axis]), transpose(table, [1, 0]));
    return transpose(
      moved,
      [...y.shape.keys()].map((k) => (k === axis ? rank - 1 : last.indexOf(k))),
    );
  }, x);
}
