/** @file What evaluations measure of a layer at the cost of a few reductions: dead gates, saturated steps. */
import * as g from '../../graph';
import type { ForwardContext } from '../define';
import { meanOfTokens, withoutPadding } from './padding';
import { timeMajor } from './time-major';

/** A gate below this lets nothing through that would be seen. */
const SILENT = 0.01;
/** Share of a state that is left after a step that has overwritten it. */
const LEFT = 0.01;

const batchFirst = (x: g.Tensor, time: 0 | 1): g.Tensor => (time === 0 ? timeMajor(x) : x);

/**
 * `dead` (batch): share of channels whose gate stays within ±0.01 at every token of an example.
 * @param gate (batch, time, channel), with `time` 0 the first two the other way round
 */
export function gaugeGate(ctx: ForwardContext, gate: g.Tensor, time: 0 | 1 = 1): void {
  if (!ctx.gauge) return;
  const open = g.max(withoutPadding(g.abs(batchFirst(gate, time)), ctx), [1]);
  ctx.gauge('dead', g.mean(g.cast(g.less(open, SILENT), 'float32'), [1]));
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
 * `saturated` (batch): share of tokens and channels (heads) at which Δ is so large that even the slowest state keeps
 * less than 1 %, exp(Δ·max A) < 0.01: the layer remembers nothing across them.
 * @param delta (batch, time, channels or heads), with `time` 0 the first two the other way round
 * @param slowest the largest, that is slowest, A of each channel or head, negative; by step where it depends on it
 */
export function gaugeSteps(ctx: ForwardContext, delta: g.Tensor, slowest: g.Tensor, time: 0 | 1 = 1): void {
  if (!ctx.gauge) return;
  const lost = g.less(g.mul(delta, slowest), Math.log(LEFT));
  ctx.gauge('saturated', meanOfTokens(g.mean(g.cast(batchFirst(lost, time), 'float32'), [2]), ctx));
}
