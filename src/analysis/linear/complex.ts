/** @file Complex numbers as pairs. */

export type Complex = readonly [re: number, im: number];

export const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];

export const over = ([a, b]: Complex, [c, d]: Complex): Complex => {
  const size = c * c + d * d;
  return [(a * c + b * d) / size, (b * c - a * d) / size];
};

/** Entry n of values (n, 2). */
export const at = (values: ArrayLike<number>, n: number): Complex => [values[2 * n]!, values[2 * n + 1]!];
