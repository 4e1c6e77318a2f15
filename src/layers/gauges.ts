/** @file What evaluations measure of a selective layer at the cost of a few reductions: dead gates, saturated steps. */
import * as g from '../graph';
import type { ForwardContext } from './define';

/** A gate below this lets nothing through that would be seen. */
const SILENT = 0.01;
/** Share of a state that is left after a step that has overwritten it. */
const LEFT = 0.01;

/**
 * `dead` (batch): share of channels whose gate stays within ±0.01 at every step of an example.
 * `saturated` (batch): share of steps and channels (heads) at which Δ is so large that even the slowest state keeps
 * less than 1 %, exp(Δ·max A) < 0.01: the layer remembers nothing across them.
 * @param gate (batch, time, channel), and `delta` with channels or heads; time and batch the other way round with `time` 0
 * @param slowest the largest, that is slowest, A of each channel or head, negative
 */
export function gaugeSelection(
  ctx: ForwardContext,
  { gate, delta, slowest }: { readonly gate: g.Tensor; readonly delta: g.Tensor; readonly slowest: g.Tensor },
  time: 0 | 1,
): void {
  if (!ctx.gauge) return;
  const loudest = g.max(g.abs(gate), [time]);
  const share = (found: g.Tensor, axes: readonly number[]): g.Tensor =>
    g.mean(g.cast(found, 'float32'), [...axes]);
  // Without the time axis two are left: batch and channel, in this order.
  ctx.gauge('dead', share(g.less(loudest, SILENT), [1]));
  ctx.gauge('saturated', share(g.less(g.mul(delta, slowest), Math.log(LEFT)), [time, 2]));
}
