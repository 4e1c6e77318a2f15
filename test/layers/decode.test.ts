/**
 * @file Decoding equals the parallel form, for every layer that decodes and for random options, sizes and weights of it:
 * token by token, and in random pieces, of which longer ones continue from a state in parallel.
 */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as g from '../../src/graph';
import { mixers, type Dims, type LayerDefinition } from '../../src/layers';
import { setUp } from './check-layer';
import { inPieces } from './in-pieces';
import { choices, drawOptions, repaired, type Options } from './random-options';

interface Case {
  readonly mixer: string;
  readonly options: Options;
  readonly d_model: number;
  readonly batch: number;
  readonly length: number;
  /** Of the weights around their initial values. */
  readonly spread: number;
  /** Where a sequence is cut. */
  readonly cuts: readonly number[];
}

const dimsOf = ({ d_model, length }: Pick<Case, 'd_model' | 'length'>): Dims => ({
  d_model,
  n_layer: 1,
  residuals_per_layer: 1,
  norm_eps: 1e-5,
  length,
});

const isCausal = (definition: LayerDefinition, options: Options, dims: Dims): boolean =>
  definition.causal(definition.resolve(definition.options.parse(options), dims));

const cases = (mixer: string): fc.Arbitrary<Case> =>
  fc
    .record({
      drawn: drawOptions(mixers[mixer]!),
      d_model: fc.constantFrom(2, 3, 4, 6, 8),
      batch: fc.constantFrom(1, 2),
      length: fc.integer({ min: 1, max: 14 }),
      // Far from where it starts S4 may have modes that hardly decay.
      spread: mixer === 's4' ? fc.constantFrom(0.1, 0.3) : fc.constantFrom(0.1, 0.3, 1),
      cuts: fc.uniqueArray(fc.integer({ min: 1, max: 13 }), { maxLength: 4 }),
    })
    .map(({ drawn, ...sizes }) => {
      const options = repaired(mixers[mixer]!, drawn, dimsOf(sizes));
      return { mixer, options, ...sizes };
    });

const causalCases = (mixer: string): fc.Arbitrary<Case> =>
  cases(mixer).filter((drawn) => isCausal(mixers[mixer]!, drawn.options, dimsOf(drawn)));

function parallel({ definition, dims, resolved, specs, values, shape, width, x }: ReturnType<typeof setUp>) {
  const p = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, g.input(name, spec.shape)]),
  );
  const input = g.input('x', [shape[0], shape[1], width]);
  const y = definition.forward(input, p, resolved, dims, { probing: false, probe: () => undefined });
  return g.interpret([y], { ...values, x })[0]!;
}

/** The lengths between the cuts of a sequence. */
function piecesOf({ cuts, length }: Case): number[] {
  const ends = [...cuts.filter((cut) => cut < length).sort((a, b) => a - b), length];
  return ends.map((end, i) => end - (ends[i - 1] ?? 0));
}

/**
 * S4 reads out with a map that it recovers on the ground that its modes decay, and the angles of Mamba-3 lose whole rounds
 * of 2π in float32: what they read behind a norm or an inverse shows it.
 */
const toleranceOf = ({ mixer }: Case): number => (['s4', 'mamba3'].includes(mixer) ? 1e-4 : 1e-6);

function agrees(drawn: Case): void {
  const layer = setUp(drawn, drawn.spread, { length: drawn.length });
  const expected = parallel(layer);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.ok(Number.isFinite(largest));
  const steps = new Array<number>(drawn.length).fill(1);
  // A layer that keeps nothing has no other way of reading.
  const ways = layer.definition.prefill ? [steps, piecesOf(drawn)] : [steps];
  for (const pieces of ways) {
    inPieces(layer, pieces).y.forEach((value, i) => {
      const error = Math.abs(value - expected[i]!);
      assert.ok(
        error <= toleranceOf(drawn) * (1 + largest),
        `${pieces.join()}: y[${i}] ${value}, in parallel ${expected[i]}`,
      );
    });
  }
}

describe('decoding equals the parallel form', () => {
  for (const [mixer, definition] of Object.entries(mixers)) {
    if (!definition.step) {
      it(`${mixer} looks ahead, whatever its options`, () => {
        fc.assert(fc.property(cases(mixer), (drawn) => !isCausal(definition, drawn.options, dimsOf(drawn))));
      });
      continue;
    }

    it(`${mixer}, random options and weights`, () => {
      fc.assert(fc.property(causalCases(mixer), agrees), { numRuns: 120 });
    });

    it(`${mixer}, every value of every choice is drawn`, () => {
      const drawn = fc.sample(causalCases(mixer), 400);
      for (const key of Object.keys(definition.options.shape)) {
        const seen = new Set(drawn.map(({ options }) => options[key]));
        const missing = choices(definition, key)?.filter((value) => !seen.has(value)) ?? [];
        // What makes a layer look ahead is not for decoding.
        const causal = missing.filter((value) =>
          isCausal(definition, { [key]: value }, dimsOf({ d_model: 8, length: 4 })),
        );
        assert.deepEqual(causal, [], key);
      }
    });
  }
});
