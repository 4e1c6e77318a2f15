/** @file Rotary position embedding (Su et al., 2021): pairs of channels, turned by an angle. */
import * as z from 'zod';
import * as g from '../graph';
import type { Tensor } from '../graph';
import { divide } from './projection';

/** Options of rotary positions. */
export const rotaryOptions = {
  rotary_emb_dim: z
    .int()
    .min(0)
    .default(0)
    .describe('Channels of each head that carry a rotary position embedding (RoPE); even; 0 for none.'),
  rotary_emb_base: z.number().positive().default(10000).describe('Base of the rotary wavelengths.'),
};

export interface Angles {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** Which channels form a pair: i and i + n/2, or the neighbours 2i and 2i + 1. */
export type Pairs = 'halves' | 'neighbours';

/**
 * @param positions (…), token positions as floats
 * @returns cos and sin (…, rotary_emb_dim / 2), or undefined when nothing is turned
 */
export function rotaryAngles(
  positions: Tensor,
  options: { readonly rotary_emb_dim: number; readonly rotary_emb_base: number },
): Angles | undefined {
  const { rotary_emb_dim: width, rotary_emb_base: base } = options;
  if (width === 0) return undefined;
  const frequencies = Float32Array.from({ length: width / 2 }, (_, i) => base ** ((-2 * i) / width));
  const turns = g.mul(g.unsqueeze(positions, positions.shape.length), g.constant(frequencies, [width / 2]));
  return { cos: g.cos(turns), sin: g.sin(turns) };
}

/** (a, b) → (a cos − b sin, a sin + b cos). */
const turn = (a: Tensor, b: Tensor, { cos, sin }: Angles): [Tensor, Tensor] => [
  g.sub(g.mul(a, cos), g.mul(b, sin)),
  g.add(g.mul(a, sin), g.mul(b, cos)),
];

/**
 * Turns the first channels of `x` (…, n); the angles (…, pairs) broadcast against x without its last axis.
 * @param width channels that the pairs are taken from; the first 2 · pairs unless given
 */
export function rotate(x: Tensor, angles: Angles, pairs: Pairs = 'halves', width?: number): Tensor {
  const axis = x.shape.length - 1;
  const count = angles.cos.shape.at(-1)!;
  if (pairs === 'neighbours') return rotateNeighbours(x, angles, count);
  const half = (width ?? 2 * count) / 2;
  const rest = x.shape[axis]! - 2 * half;
  const still = half - count;
  const [a, firstStill, b, ...tail] = divide(x, [count, still, count, still, rest]);
  const [first, second] = turn(a!, b!, angles);
  return g.concat(
    [first, firstStill, second, ...tail].filter((part) => part !== undefined),
    axis,
  );
}

function rotateNeighbours(x: Tensor, angles: Angles, count: number): Tensor {
  const axis = x.shape.length - 1;
  const rest = x.shape[axis]! - 2 * count;
  const [turned, tail] = divide(x, [2 * count, rest]);
  const lead = x.shape.slice(0, axis);
  const [a, b] = g.split(g.reshape(turned!, [...lead, count, 2]), axis + 1, [1, 1]);
  const [first, second] = turn(g.squeeze(a!, axis + 1), g.squeeze(b!, axis + 1), angles);
  const done = g.reshape(g.stack([first, second], axis + 1), [...lead, 2 * count]);
  return tail ? g.concat([done, tail], axis) : done;
}
