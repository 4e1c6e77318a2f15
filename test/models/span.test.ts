/** @file Sequences of other lengths than the data's: they compute, or a layer says in words which it takes. */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as g from '../../src/graph';
import { mixers, type LayerDefinition } from '../../src/layers';
import { analyses } from '../../src/inspect/analyse';
import { look } from '../../src/inspect/inspect';
import { buildModel, ModelError, type Model } from '../../src/models';
import { drawOptions, repaired, type Options } from '../layers/random-options';

const LENGTH = 10;

type Layer = Options & { readonly mixer: string };

const modelOf = (layers: readonly Layer[], d_model = 4): Model =>
  buildModel({
    model: { d_model, layers: [...layers], norm: 'rms', norm_eps: 1e-5, tie_embeddings: false },
    task: { type: 'classification', pooling: 'mean' },
    data: {
      length: LENGTH,
      input: { kind: 'tokens', vocab_size: 7 },
      target: { kind: 'class', classes: 3 },
    },
  });

function logitsOf(model: Model, length: number): Float64Array {
  const { logits } = model.logits(1, length);
  const parameters = Object.fromEntries(
    [...model.initialise(1)].map(([name, values]) => [name, Float64Array.from(values)]),
  );
  const inputs = Float64Array.from({ length }, (_, t) => (t * t) % 7);
  return g.interpret([logits!], { ...parameters, inputs })[0]!;
}

function buildsOrSays(definition: LayerDefinition, drawn: Options, d_model: number): void {
  const around = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5, length: LENGTH };
  const model = modelOf([{ ...repaired(definition, drawn, around), mixer: definition.name }], d_model);
  assert.ok(model.takes(LENGTH));
  for (const length of [1, 2, LENGTH - 1, LENGTH + 1, 3 * LENGTH, 9 * LENGTH])
    if (model.takes(length)) model.logits(1, length);
    else assert.throws(() => model.logits(1, length), ModelError);
}

describe('sequences of other lengths', () => {
  for (const [mixer, definition] of Object.entries(mixers)) {
    // It stands in front of another layer.
    if (definition.residual === 'next') continue;
    it(`of ${mixer} with random options build, or are refused in words`, () => {
      const property = fc.property(drawOptions(definition), fc.constantFrom(4, 6), (drawn, d_model) =>
        buildsOrSays(definition, drawn, d_model),
      );
      fc.assert(property, { numRuns: 40 });
    });
  }

  for (const [layer, length, problem] of [
    [
      { mixer: 'spacetime', horizon: 3 },
      3,
      'Layer 0 (spacetime) takes sequences of at least 4 positions; this one has 3.',
    ],
    [
      { mixer: 'matrix-mixer', matrix_mixer_type: 'dense', is_data_dependent: false, headdim: 4 },
      11,
      'Layer 0 (matrix-mixer) takes sequences of at most 10 positions; this one has 11.',
    ],
    [
      { mixer: 'long-conv', block_fft: true, max_m: 4 },
      17,
      'Layer 0 (long-conv) takes sequences of at most 16 positions; this one has 17.',
    ],
  ] as const)
    it(`of ${layer.mixer}: ${problem}`, () => {
      const model = modelOf([layer]);
      assert.throws(() => logitsOf(model, length), { message: problem });
      const next = length + (problem.includes('least') ? 1 : -1);
      assert.ok(logitsOf(model, next).every(Number.isFinite));
    });

  it('the repeated block of head scores is offered where every layer takes it', async () => {
    const dense = { mixer: 'matrix-mixer', matrix_mixer_type: 'dense', is_data_dependent: false, headdim: 4 };
    for (const layers of [[{ mixer: 'mamba' }], [{ mixer: 'mamba' }, dense]]) {
      const model = modelOf(layers);
      const ids = Array.from({ length: LENGTH }, (_, t) => t % 7);
      const { trace } = await look({ model, parameters: model.initialise(1), layer: 0, ids, threads: 1 });
      assert.equal(analyses['head_scores']!.applies(trace), layers.length === 1);
    }
  });
});
