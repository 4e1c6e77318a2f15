/** @file The polynomials of sine and cosine alone: in float64 nothing else is left of their error. */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { lowered } from '../../src/graph/compile';

describe('sine and cosine', () => {
  it('are off by less than float32 can tell', () => {
    const angles = Float64Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100);
    const x = g.input('x', [angles.length]);
    const [sines, cosines] = g.interpret(lowered([g.sin(x), g.cos(x)], 'cpu'), { x: angles });
    for (const [i, angle] of angles.entries()) {
      for (const [found, exact] of [
        [sines![i]!, Math.sin(angle)],
        [cosines![i]!, Math.cos(angle)],
      ] as const) {
        assert.ok(Math.abs(found - exact) < 3e-8, `at ${angle}: ${found} against ${exact}`);
      }
    }
  });
});
