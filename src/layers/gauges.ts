/** @file What evaluations measure of a layer at the cost of a few reductions: dead gates, saturated steps. */
import * as g from '../graph';
import type { ForwardContext } from './define';

/** A gate below this lets nothing through that would be seen. */
const SILENT = 0.01;
/** Share of a state that is left after a step that has overwritten it. */
const LEFT = 0.01;

const share = (found: g.Tensor, axes: readonly number[]): g.Tensor =>
  g.mean(g.cast(found, 'float32'), [...axes]);

/**
 * `dead` (batch): share of channels whose gate stays within ±0.01 at every step of an example.
 * @param gate (batch, time, channel), with `time` 0 the first two the other way round
 */
export function gaugeGate(ctx: ForwardContext, gate: g.Tensor, time: 0 | 1 = 1): void {
  // Without the time axis two are left: batch and channel, in this order.
  ctx.gauge?.('dead', share(g.less(g.max(g.abs(gate), [time]), SILENT), [1]));
}

/** The same function, whose results (batch, time, channel) are gates that are looked at. */
export const gauged =
  (ctx: ForwardContext, activation: (x: g.Tensor) => g.Tensor) =>
  (x: g.Tensor): g.Tensor => {
    const gate = activation(x);
    gaugeGate(ctx, gate);
    return gate;
  };

/**
 * `saturated` (batch): share of steps and channels (heads) at which Δ is so large that even the slowest state keeps
 * less than 1 %, exp(Δ·max A) < 0.01: the layer remembers nothing across them.
 * @param delta (batch, time, channels or heads), with `time` 0 the first two the other way round
 * @param slowest the largest, that is slowest, A of each channel or head, negative; by step where it depends on it
 */
export function gaugeSteps(ctx: ForwardContext, delta: g.Tensor, slowest: g.Tensor, time: 0 | 1 = 1): void {
  ctx.gauge?.('saturated', share(g.less(g.mul(delta, slowest), Math.log(LEFT)), [time, 2]));
}
