/** @file Dropout options and what a layer drops with while it trains (Srivastava et al., 2014). */
import * as z from 'zod';
import type { Tensor } from '../../graph';
import type { ForwardContext } from '../define';

/** A rate with its description. */
export const dropoutRate = (description: string) => z.number().min(0).lt(1).default(0).describe(description);

/** Drops at a place of the layer; the same tensor where nothing is dropped. */
export type Drop = (x: Tensor, site: string) => Tensor;

/** @param shared axes along which the same elements are dropped */
export const dropper =
  (ctx: ForwardContext, rate: number, shared: readonly number[] = []): Drop =>
  (x, site) =>
    ctx.dropout?.(x, rate, site, shared) ?? x;

/** Nothing is dropped. */
export const keepAll: Drop = (x) => x;
