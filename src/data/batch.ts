/** @file A batch of the sizes that a shape gives, to be filled example by example. */
import type { Batch, DataShape } from './define';

export type Numbers = Int32Array | Float32Array;

/** Numbers of one example's targets. */
function targetSize({ target, length }: DataShape): number {
  if (target.kind === 'class') return 1;
  if (target.kind === 'values') return target.positions * target.features;
  return target.kind === 'answer' ? target.positions : length;
}

/** Zeros, and per example the views of its inputs and targets. */
export function blankBatch<I extends Numbers, T extends Numbers>(
  shape: DataShape,
  size: number,
): { readonly batch: Batch; readonly rows: readonly (readonly [inputs: I, targets: T])[] } {
  const { input, target, length } = shape;
  const each = length * (input.kind === 'vectors' ? input.features : 1);
  const asked = targetSize(shape);
  const inputs = input.kind === 'vectors' ? new Float32Array(size * each) : new Int32Array(size * each);
  const targets = target.kind === 'values' ? new Float32Array(size * asked) : new Int32Array(size * asked);
  const rows = Array.from(
    { length: size },
    (_, row) =>
      [
        inputs.subarray(row * each, (row + 1) * each) as I,
        targets.subarray(row * asked, (row + 1) * asked) as T,
      ] as const,
  );
  return { batch: { inputs, targets, size }, rows };
}
