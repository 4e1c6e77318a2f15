/** @file Rotary position embedding (Su et al., 2021): pairs of channels, turned by an angle. */
import * as z from 'zod';
import * as g from '../../graph';
import type { Tensor } from '../../graph';

/** Options of rotary positions. */
export const rotaryOptions = {
  rotary_emb_dim: z
    .int()
    .min(0)
    .default(0)
    .describe('Channels of each head that carry a rotary position embedding (RoPE); even; 0 for none.'),
  rotary_emb_base: z.number().positive().default(10000).describe('Base of the rotary wavelengths.'),
};

/**
 * @param positions (…), token positions as floats
 * @returns cos and sin (…, rotary_emb_dim / 2), or undefined when nothing is turned
 */
export function rotaryAngles(
  positions: Tensor,
  options: { readonly rotary_emb_dim: number; readonly rotary_emb_base: number },
): g.Angles | undefined {
  const { rotary_emb_dim: width, rotary_emb_base: base } = options;
  if (width === 0) return undefined;
  const frequencies = Float32Array.from({ length: width / 2 }, (_, i) => base ** ((-2 * i) / width));
  const turns = g.mul(g.unsqueeze(positions, positions.shape.length), g.constant(frequencies, [width / 2]));
  return { cos: g.cos(turns), sin: g.sin(turns) };
}
