/** @file How large a tensor a GPU takes: found by trying, since onnxruntime does not tell. */
import { compile, expand, greater, input, slice, where, type Compiled } from '../../graph';

/** Bytes that every WebGPU device binds at a time. */
const GUARANTEED = 2 ** 27;
/** Bytes that none does: places in a tensor are 32-bit numbers. */
const IMPOSSIBLE = 2 ** 32;

/** A graph that a GPU cannot compute, for the size of a tensor. */
export class TensorTooLarge extends Error {
  constructor(bytes: number) {
    const shown = (bytes / 1e9).toPrecision(2);
    super(`A tensor of the graph takes ${shown} GB, more than this GPU binds at a time.`);
    this.name = 'TensorTooLarge';
  }
}

let largest = GUARANTEED;
const WIDTH = 1024;

/**
 * Above what a device binds onnxruntime divides a tensor among several bindings, which not all of its kernels know:
 * softmax, layer norm, padding and choosing between two tensors give wrong numbers there, without a word. So one of them
 * is asked for a tensor as large as the graph's largest, and the end of it is looked at; once for every size.
 * @param run computes a graph of the input `x` on the device
 * @throws TensorTooLarge
 */
export async function checkBinding(
  bytes: number,
  run: (graph: Compiled, x: Float32Array) => Promise<Float32Array>,
): Promise<void> {
  if (bytes <= largest) return;
  if (bytes >= IMPOSSIBLE) throw new TensorTooLarge(bytes);
  const rows = Math.ceil(bytes / 4 / WIDTH);
  const x = expand(input('x', [rows, 1]), [rows, WIDTH]);
  const y = slice(where(greater(x, 0), x, 2), 0, rows - 1, rows);
  const found = await run(compile({ y }, { target: 'webgpu' }), new Float32Array(rows).fill(1)).catch(
    (error: unknown) => {
      if (error instanceof Error && error.message.includes('Too many storage buffers')) return [];
      throw error;
    },
  );
  if (found.length !== WIDTH || found.some((value: number) => value !== 1)) throw new TensorTooLarge(bytes);
  largest = bytes;
}
