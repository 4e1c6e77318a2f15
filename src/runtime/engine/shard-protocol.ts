/** @file What the thread of a shard is started with and what the two sides say. */
import type { Compiled } from '../../graph';
import type { TypedArray } from '../ort';

/** Where a tensor lies in a block of float32 values. */
export interface Place {
  readonly name: string;
  /** Bytes from the start of the block. */
  readonly offset: number;
  /** Values. */
  readonly length: number;
}

export interface ShardSetup {
  readonly compiled: Compiled;
  readonly threads: number;
  /** The graph's inputs that are parameters. */
  readonly parameters: readonly Place[];
  /** The graph's outputs that are gradients, by name. */
  readonly gradients: readonly Place[];
  /** Written before every step, read by all shards. */
  readonly parameterBlock: SharedArrayBuffer;
  /** Written by this shard alone. */
  readonly gradientBlock: SharedArrayBuffer;
}

/** The other inputs of the graph, by name. */
export type ShardRequest = Readonly<Record<string, TypedArray>>;

export type ShardReply = { readonly loss: number } | { readonly error: string };

/** Views of the tensors in a block. */
export const viewsOf = (block: ArrayBuffer, places: readonly Place[]): [string, Float32Array][] =>
  places.map(({ name, offset, length }) => [name, new Float32Array(block, offset, length)]);
