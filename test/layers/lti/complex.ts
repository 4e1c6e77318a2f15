/** @file Complex numbers for the slow forms. */
export type C = readonly [re: number, im: number];

export const plus = (a: C, b: C): C => [a[0] + b[0], a[1] + b[1]];
export const minus = (a: C, b: C): C => [a[0] - b[0], a[1] - b[1]];
export const times = (a: C, b: C): C => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
export const scale = (a: C, by: number): C => [a[0] * by, a[1] * by];
export const conj = (a: C): C => [a[0], -a[1]];
export const over = (a: C, b: C): C => scale(times(a, conj(b)), 1 / (b[0] ** 2 + b[1] ** 2));
export const cexp = (a: C): C => scale([Math.cos(a[1]), Math.sin(a[1])], Math.exp(a[0]));
/** Entry i of values stored as (re, im) pairs. */
export const pair = (values: Float64Array, i: number): C => [values[2 * i]!, values[2 * i + 1]!];
