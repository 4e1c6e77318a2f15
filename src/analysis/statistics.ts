/** @file Quantiles and moments as the field reports them. */

/** Quantile of ascending values with linear interpolation. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}

export const median = (values: ArrayLike<number>): number => quantile(Float64Array.from(values).sort(), 0.5);

/** Mean and population variance. */
export function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += values[i]! / values.length;
  let variance = 0;
  for (let i = 0; i < values.length; i++) variance += (values[i]! - mean) ** 2 / values.length;
  return { mean, variance };
}

export function norm(values: ArrayLike<number>, from = 0, to = values.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

/** Softmax of one row in nats: log-probabilities. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  let most = -Infinity;
  for (let i = 0; i < logits.length; i++) most = Math.max(most, logits[i]!);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - most);
  const shift = most + Math.log(sum);
  return Float64Array.from(logits, (value) => value - shift);
}
