/**
 * @file The lowering of SSD, nearly the same on every device: chunked products. On the CPU they are two to four times
 * faster than four of onnxruntime's linear attentions, and on a GPU they have no limit on the state's size.
 */
import { zeros } from '../ops/leaves';
import type { ExpandContext, Expansion, Tensor } from '../types';
import type { SsdAttributes, SsdGradientAttributes } from './ssd';
import { chunkedForward, chunkedGradients } from './ssd-chunked';

/** Tokens per chunk: as wide as the products between chunks, so that both cost about the same. */
export function chunkOf(
  [X, , B]: readonly Tensor[],
  { chunkSize }: Pick<SsdAttributes, 'chunkSize'>,
): number {
  const widest = Math.max(X!.shape[3]!, B!.shape[3]!);
  return Math.min(chunkSize, widest < 48 ? 32 : 64);
}

export function expandSsd(
  inputs: readonly Tensor[],
  attributes: SsdAttributes,
  { target }: ExpandContext,
): Expansion {
  const { outputs, entering } = chunkedForward(inputs, chunkOf(inputs, attributes), target);
  return { outputs, saved: { entering } };
}

/** Inputs: Y, the final state, SSD's inputs, the cotangents. */
export function expandSsdGradient(
  [, , ...rest]: readonly Tensor[],
  attributes: SsdGradientAttributes,
  { saved, target }: ExpandContext,
): Expansion {
  const { hasInitial, hasY, hasFinal } = attributes;
  const count = 4 + Number(hasInitial);
  const inputs = rest.slice(0, count);
  const dY = hasY ? rest[count]! : zeros(inputs[0]!.shape);
  const dFinal = hasFinal ? rest[count + Number(hasY)]! : undefined;
  const entering = saved(0)['entering']!;
  const found = chunkedGradients(inputs, dY, dFinal, entering, chunkOf(inputs, attributes), target);
  const { dX, dA, dB, dC, dInitial } = found;
  return { outputs: [dX, dA, dB, dC, ...(hasInitial ? [dInitial] : [])] };
}
