/** @file What a layer's check lets through computes: no options that look right and then cannot be built. */
import * as fc from 'fast-check';
import * as g from '../../src/graph';
import { mixers, type LayerDefinition } from '../../src/layers';
import { setUp } from './check-layer';
import { drawOptions, repaired, type Options } from './random-options';

function isFinite(
  definition: LayerDefinition,
  drawn: Options,
  sizes: { readonly d_model: number; readonly length: number },
): boolean {
  const { d_model, length } = sizes;
  const around = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5, length };
  const options = repaired(definition, drawn, around);
  const variant = { mixer: definition.name, options, d_model, batch: 2, length };
  const { dims, resolved, specs, values, width, x } = setUp(variant, 0.3, { length });
  const p = Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, g.input(name, shape)]),
  );
  const input = g.input('x', [2, length, width]);
  const y = definition.forward(input, p, resolved, dims, { probing: false, probe: () => undefined });
  return g.interpret([y], { ...values, x })[0]!.every(Number.isFinite);
}

describe('random options that are accepted give finite numbers', () => {
  const sizes = { d_model: fc.constantFrom(1, 2, 3, 4, 6, 8), length: fc.integer({ min: 1, max: 9 }) };
  for (const [mixer, definition] of Object.entries(mixers)) {
    it(mixer, () => {
      const property = fc.property(drawOptions(definition), fc.record(sizes), (drawn, drawnSizes) =>
        isFinite(definition, drawn, drawnSizes),
      );
      fc.assert(property, { numRuns: 80 });
    });
  }
});
