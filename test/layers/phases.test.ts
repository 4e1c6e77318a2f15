/** @file Gradients of diagonal models over thousands of tokens, which turn states by thousands of rounds. */
import assert from 'node:assert/strict';
import { gradientErrors } from './gradient-errors';

describe('gradients of diagonal models at length 2048', function () {
  this.timeout(120_000);

  for (const [mixer, options] of [
    ['dss', { kernel: 'softmax', init: 'diag-legs' }],
    ['dss', { kernel: 'softmax', init: 'diag-inv' }],
    ['dss', { kernel: 'exp', init: 'diag-legs' }],
    ['s4d', { init: 'diag-lin' }],
    ['s4d', { init: 'diag-lin', dt_transform: 'softplus' }],
  ] as const) {
    it(`${mixer} ${JSON.stringify(options)} loses little to the rounding of its angles`, async () => {
      const tried = { mixer, options: { d_state: 64, ...options }, length: 2048, spread: 0.2 };
      for (const [name, error] of Object.entries(await gradientErrors(tried))) {
        assert.ok(error < 4e-6, `${name} is off by ${error} of its largest entry`);
      }
    });
  }
});
