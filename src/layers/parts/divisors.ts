/** @file Suggestions for sizes that must divide one another. */

/** The divisor of `n` nearest to `wanted`, the smaller one when two are equally near. */
export function nearestDivisor(n: number, wanted: number): number {
  let best = 1;
  for (let divisor = 1; divisor <= n; divisor++) {
    if (n % divisor === 0 && Math.abs(divisor - wanted) < Math.abs(best - wanted)) best = divisor;
  }
  return best;
}
