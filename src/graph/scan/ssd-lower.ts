/**
 * @file The lowering of SSD, the same on every device: chunked products. On the CPU they are two to four times
 * faster than four of onnxruntime's linear attentions, and on a GPU they have no limit on the state's size.
 */
import { add, mul, sub } from '../ops/binary';
import { cumsum } from '../ops/cumsum';
import { zeros } from '../ops/leaves';
import { sum } from '../ops/reduce';
import { reshape } from '../ops/reshape';
import type { Expansion, Tensor } from '../types';
import type { SsdAttributes, SsdGradientAttributes } from './ssd';
import { chunkedForward, chunkedGradients } from './ssd-chunked';

/** Tokens per chunk: as wide as the products between chunks, so that both cost about the same. */
function chunkOf([X, , B]: readonly Tensor[], { chunkSize }: SsdAttributes): number {
  const widest = Math.max(X!.shape[3]!, B!.shape[3]!);
  return Math.min(chunkSize, widest < 48 ? 32 : 64);
}

export const expandSsd = (inputs: readonly Tensor[], attributes: SsdAttributes): Expansion => ({
  outputs: chunkedForward(inputs, chunkOf(inputs, attributes)),
});

/** Inputs: Y, the final state, SSD's inputs, the cotangents. */
export function expandSsdGradient(
  [Y, finalState, ...rest]: readonly Tensor[],
  attributes: SsdGradientAttributes,
): Expansion {
  const { hasInitial, hasY, hasFinal } = attributes;
  const count = 4 + Number(hasInitial);
  const inputs = rest.slice(0, count);
  const [X, A] = inputs as [Tensor, Tensor];
  const [batch, , H] = A.shape as [number, number, number];
  const dY = hasY ? rest[count]! : zeros(X.shape);
  const dFinal = hasFinal ? rest[count + Number(hasY)]! : undefined;
  const { dX, dB, dC, dInitial } = chunkedGradients(inputs, dY, dFinal, chunkOf(inputs, attributes));
  // dA[t] = ⟨dS[t], exp(A[t]) S[t-1]⟩ telescopes to inner products of what is at hand, summed from the end.
  const inner = sub(sum(mul(dY, Y!), [3]), sum(mul(dX, X), [3]));
  const fromEnd = cumsum(inner, 1, { reverse: true });
  const end = dFinal && reshape(sum(mul(dFinal, finalState!), [2, 3]), [batch, 1, H]);
  const dA = end ? add(fromEnd, end) : fromEnd;
  return { outputs: [dX, dA, dB, dC, ...(hasInitial ? [dInitial] : [])] };
}
