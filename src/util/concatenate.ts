/** @file Arrays of numbers, one after another in one array. */

/** @param Kind of the result, for example `Float32Array`; `parts` may be of another kind, and are converted. */
export function concatenated<T extends { set(from: ArrayLike<number>, at: number): void }>(
  Kind: new (length: number) => T,
  parts: readonly ArrayLike<number>[],
): T {
  const whole = new Kind(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
