/** @file Rotary position embedding (Su et al., 2021), non-interleaved: channel i is turned with channel i + n/2. */
import * as g from '../graph';
import type { Tensor } from '../graph';

export interface Angles {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

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

/** Turns the first channels of `x` (…, head_dim); the angles broadcast against x without its last axis. */
export function rotate(x: Tensor, { cos, sin }: Angles): Tensor {
  const axis = x.shape.length - 1;
  const half = cos.shape.at(-1)!;
  const rest = x.shape[axis]! - 2 * half;
  const [a, b, tail] = g.split(x, axis, rest > 0 ? [half, half, rest] : [half, half]);
  const turned = [g.sub(g.mul(a!, cos), g.mul(b!, sin)), g.add(g.mul(a!, sin), g.mul(b!, cos))];
  return g.concat(tail ? [...turned, tail] : turned, axis);
}
