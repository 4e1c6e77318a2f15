/** @file Gradients of S4 from LegT and FouT, whose diagonal part alone has all its poles on the unit circle. */
import assert from 'node:assert/strict';
import { gradientErrors } from './gradient-errors';

describe('the kernel of S4 by powers of its matrix', () => {
  // One mode of FouT hardly decays: its part of C is 1e-4 of what C was, and only the change of a step keeps its bits.
  for (const [init, d_state, tolerance] of [
    ['legt', 8, 1e-5],
    ['fout', 8, 2e-5],
    ['fout', 64, 1e-3],
  ] as const) {
    it(`has exact gradients from ${init} with ${d_state} states at length 512`, async () => {
      for (const [name, error] of Object.entries(
        await gradientErrors({ mixer: 's4', options: { d_state, init }, length: 512 }),
      )) {
        assert.ok(error < tolerance, `${name} is off by ${error} of its largest entry`);
      }
    });
  }
});
