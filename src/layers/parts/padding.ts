/**
 * @file Sequences of different lengths in one batch: what fills up the short ones is hidden from layers that look
 * ahead, so that a result does not depend on how much of it follows.
 */
import * as g from '../../graph';
import type { Tensor } from '../../graph';

interface Padded {
  /** As in `ForwardContext`. */
  readonly real?: Tensor | undefined;
}

/** 1 or 0 per token with as many axes as `x` (batch, time, …); undefined where nothing is padded. */
function realLike(x: Tensor, { real }: Padded): Tensor | undefined {
  return real && g.reshape(real, [...real.shape, ...Array<number>(x.shape.length - 2).fill(1)]);
}

/** `x` (batch, time, …) with zeros instead of padding. */
export function withoutPadding(x: Tensor, ctx: Padded): Tensor {
  const real = realLike(x, ctx);
  return real ? g.mul(x, real) : x;
}

/** Mean over time of `x` (batch, time), of tokens alone: (batch). */
export function meanOfTokens(x: Tensor, ctx: Padded): Tensor {
  if (!ctx.real) return g.mean(x, [1]);
  return g.div(g.sum(withoutPadding(x, ctx), [1]), g.maximum(g.sum(ctx.real, [1]), 1));
}
