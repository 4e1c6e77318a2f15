/** @file Reading a checkpoint's tensors straight into the arrays that sessions read. */
import { elementsOf } from '../../formats/tensor-file';
import type { Match } from './match';

/** Takes a parameter's values, which are gone afterwards; false leaves them to the caller. */
export type Take = (name: string, values: Float32Array) => boolean;

/**
 * @param take is offered each parameter on the way
 * @returns every parameter that was not taken, as float32; each is read once, into its own array
 * @throws Error when the file cannot be read or holds an A that is not negative
 */
export function loadParameters(matches: ReadonlyMap<string, Match>, take?: Take): Map<string, Float32Array> {
  const parameters = new Map<string, Float32Array>();
  let spare = new Float32Array(0);
  for (const [name, { shape, pieces }] of matches) {
    const size = elementsOf(shape);
    // What is taken leaves room for the next.
    if (take && spare.length < size) spare = new Float32Array(size);
    const values = take ? spare.subarray(0, size) : new Float32Array(size);
    const [swapped] = pieces.map((piece) => piece.swapped);
    let at = 0;
    for (const piece of pieces) {
      const part = values.subarray(at, at + elementsOf(piece.tensor.shape));
      piece.tensor.read(part);
      if (piece.convert === 'log-of-negative') logOfNegative(part, piece.name);
      if (piece.convert === 'swap-halves' && !swapped) part.set(withHalvesSwapped(part));
      at += part.length;
    }
    if (swapped) {
      values.set(withAxesSwapped(values, ...swapped));
      if (pieces[0]!.convert === 'swap-halves') values.set(withHalvesSwapped(values));
    }
    if (!take) parameters.set(name, values);
    else if (!take(name, values)) parameters.set(name, values.slice());
  }
  return parameters;
}

/** The lower half of the rows above the upper one. */
export function withHalvesSwapped(values: Float32Array): Float32Array {
  const half = values.length / 2;
  const swapped = new Float32Array(values.length);
  swapped.set(values.subarray(half));
  swapped.set(values.subarray(0, half), half);
  return swapped;
}

/** (a, b, …) → (b, a, …) */
export function withAxesSwapped(values: Float32Array, a: number, b: number): Float32Array {
  const rest = values.length / (a * b);
  const swapped = new Float32Array(values.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const from = (i * b + j) * rest;
      swapped.set(values.subarray(from, from + rest), (j * a + i) * rest);
    }
  }
  return swapped;
}

function logOfNegative(values: Float32Array, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!(values[i]! < 0))
      throw new Error(`the tensor ${name} must be negative everywhere, found ${values[i]}.`);
    values[i] = Math.log(-values[i]!);
  }
}
