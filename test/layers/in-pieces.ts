/** @file A layer over a sequence in pieces, each from the state behind the last: one token by `step`, more by `prefill`. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import type { setUp } from './check-layer';

/**
 * @param pieces numbers of tokens, together the length of the sequence
 * @returns y as the layer's input (batch, time, channel), and the state behind the last token
 */
export function inPieces(
  { definition, dims, resolved, specs, values, shape, width, x }: ReturnType<typeof setUp>,
  pieces: readonly number[],
): { y: number[]; state: Record<string, number[]> } {
  const [batch, length] = shape;
  const p = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, g.input(name, spec.shape)]),
  );
  const extents = Object.entries(definition.state!(resolved, dims));
  let current: Record<string, Float64Array> = Object.fromEntries(
    extents.map(([name, rest]) => [name, new Float64Array(rest.reduce((size, n) => size * n, batch))]),
  );
  const y = new Array<number>(batch * length * dims.d_model);
  let at = 0;
  /** Every place of a piece in what has so many channels, as an index into the whole sequence. */
  const places = (count: number, channels: number): number[] =>
    Array.from({ length: batch * count * channels }, (_, i) => {
      const b = Math.floor(i / (count * channels));
      const t = Math.floor(i / channels) % count;
      return (b * length + at + t) * channels + (i % channels);
    });
  for (const count of pieces) {
    const states = Object.fromEntries(
      extents.map(([name, rest]) => [name, g.input(`state.${name}`, [batch, ...rest])]),
    );
    const input = g.input('piece', count === 1 ? [batch, width] : [batch, count, width]);
    const run = count === 1 ? definition.step! : definition.prefill!;
    const result = run.call(definition, input, states, p, resolved, dims);
    const names = Object.keys(result.state);
    assert.deepEqual(names.sort(), Object.keys(states).sort());
    for (const [name, rest] of extents) assert.deepEqual([...result.state[name]!.shape], [batch, ...rest]);
    const feeds = Object.fromEntries(
      Object.entries(current).map(([name, value]) => [`state.${name}`, value]),
    );
    const piece = Float64Array.from(places(count, width), (place) => x[place]!);
    const found = g.interpret([result.y, ...names.map((name) => result.state[name]!)], {
      ...values,
      ...feeds,
      piece,
    });
    const rows = places(count, dims.d_model);
    assert.equal(found[0]!.length, rows.length);
    found[0]!.forEach((value, i) => (y[rows[i]!] = value));
    current = Object.fromEntries(names.map((name, i) => [name, found[i + 1]!]));
    at += count;
  }
  assert.equal(at, length);
  return { y, state: Object.fromEntries(Object.entries(current).map(([name, value]) => [name, [...value]])) };
}
