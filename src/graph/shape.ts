/** @file Arithmetic on shapes. */
import { check, ShapeError } from './errors';
import type { Shape, TensorType } from './types';

export const size = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, i) => extent === b[i]);

/** Row-major strides. */
export function strides(shape: Shape): number[] {
  const result = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    result[i] = stride;
    stride *= shape[i]!;
  }
  return result;
}

/** The common shape of operands, aligned at the last axis. */
export function broadcast(operator: string, operands: readonly TensorType[]): Shape {
  const rank = Math.max(0, ...operands.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    let extent = 1;
    for (const { shape } of operands) {
      const own = shape[shape.length - rank + i] ?? 1;
      if (own === 1) continue;
      if (extent !== 1 && extent !== own) throw new ShapeError(operator, 'shapes do not broadcast', operands);
      extent = own;
    }
    return extent;
  });
}

/** Strides over a broadcast result: 0 where the operand repeats. */
export function broadcastStrides(shape: Shape, result: Shape): number[] {
  const own = strides(shape);
  const offset = result.length - shape.length;
  return result.map((_, i) => (i < offset || shape[i - offset] === 1 ? 0 : own[i - offset]!));
}

/** An axis counted from the front; negative ones count from the back. */
export function axisOf(operator: string, x: TensorType, axis: number): number {
  const rank = x.shape.length;
  check(Number.isInteger(axis) && axis >= -rank && axis < rank, operator, `axis ${axis} does not exist`, [x]);
  return axis < 0 ? axis + rank : axis;
}

/** Distinct axes in increasing order; all of them when none are given. */
export function axesOf(operator: string, x: TensorType, axes: readonly number[] | undefined): number[] {
  if (axes === undefined) return x.shape.map((_, i) => i);
  const found = [...new Set(axes.map((axis) => axisOf(operator, x, axis)))].sort((a, b) => a - b);
  check(found.length === axes.length, operator, `axes [${axes.join(', ')}] repeat`, [x]);
  return found;
}

/** The extents before, at and after an axis: the tensor seen as (outer, n, inner). */
export function around(shape: Shape, axis: number): { outer: number; n: number; inner: number } {
  return { outer: size(shape.slice(0, axis)), n: shape[axis]!, inner: size(shape.slice(axis + 1)) };
}

export const replaced = (shape: Shape, axis: number, extent: number): Shape =>
  shape.map((old, i) => (i === axis ? extent : old));
