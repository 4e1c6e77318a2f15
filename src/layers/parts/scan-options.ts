/** @file Options and rules that the Mamba family shares word for word: inner width, convolution, step sizes, groups. */
import * as z from 'zod';
import type { ParameterSpec, Problem } from '../define';
import { inverseSoftplusDt } from '../init';

export const expand = z
  .int()
  .positive()
  .default(2)
  .describe('Inner width as a multiple of d_model: d_inner = expand · d_model.');

export const causalTaps = z
  .int()
  .positive()
  .max(64)
  .default(4)
  .describe('Taps of the causal convolution.')
  .meta({ symbol: 'K' });

export const centredTaps = z
  .int()
  .positive()
  .max(63)
  .default(7)
  .describe('Taps of the convolution, half of them on either side of a token; odd.')
  .meta({ symbol: 'K' });

export const groups = z
  .int()
  .positive()
  .default(1)
  .describe('Groups of heads that share B and C; divides the number of heads.')
  .meta({ symbol: 'G' });

export const stepRange = {
  dt_min: z.number().positive().default(0.001).describe('Smallest initial step size Δ.'),
  dt_max: z.number().positive().default(0.1).describe('Largest initial step size Δ.'),
};

export const stepFloor = z
  .number()
  .positive()
  .default(1e-4)
  .describe('Initial step sizes are at least this.');

export const convolutionBound = z
  .number()
  .positive()
  .optional()
  .describe('Bound of the uniform initial convolution weights.');

export const outerBias = z.boolean().default(false).describe('Biases of in_proj and out_proj.');

interface Steps {
  readonly dt_min: number;
  readonly dt_max: number;
}

export function stepProblems({ dt_min, dt_max }: Steps): Problem[] {
  if (dt_min < dt_max) return [];
  const message = `dt_min (${dt_min}) must be below dt_max (${dt_max}).`;
  return [{ path: ['dt_min'], others: ['dt_max'], message }];
}

/** A convolution around a token sees as many on either side. */
export function centreProblems(d_conv: number): Problem[] {
  if (d_conv % 2 === 1) return [];
  const message = `d_conv (${d_conv}) must be odd: as many tokens are seen on either side.`;
  return [{ path: ['d_conv'], message, suggestion: d_conv + 1 }];
}

/** The bias under the softplus that gives Δ, one per channel or head. */
export const stepBias = (count: number, r: Steps & { readonly dt_init_floor: number }): ParameterSpec => ({
  shape: [count],
  init: inverseSoftplusDt(r.dt_min, r.dt_max, r.dt_init_floor),
  decay: false,
});
