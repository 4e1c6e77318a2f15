/**
 * @file Whole models decode to the logits of their parallel form: random stacks of all causal layers with random options,
 * norms, factors, layers side by side and layers that share; token by token, and behind a prompt that is read at once.
 */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as g from '../../src/graph';
import { mixers, type Dims } from '../../src/layers';
import { buildModel, ModelError, type Model, type ModelConfig } from '../../src/models';
import { Random } from '../../src/util/random';
import { drawOptions, repaired } from '../layers/random-options';

type LayerItem = ModelConfig['layers'][number];

const ROWS = 7;
const LENGTH = 9;
const BATCH = 2;

interface Case {
  readonly config: ModelConfig;
  readonly prompt: number;
  readonly seed: number;
}

const dimsOf = (d_model: number): Dims => ({
  d_model,
  n_layer: 1,
  residuals_per_layer: 1,
  norm_eps: 1e-5,
  length: LENGTH,
});

const factor = fc.option(fc.constantFrom(-0.5, 0.7, 2), { nil: undefined });

function layer(d_model: number): fc.Arbitrary<LayerItem> {
  const decoding = Object.values(mixers).filter(({ step }) => step);
  return fc
    .constantFrom(...decoding)
    .chain((definition) =>
      fc.record({
        definition: fc.constant(definition),
        drawn: drawOptions(definition).filter((options) => {
          const whole = repaired(definition, options, dimsOf(d_model));
          return definition.causal(definition.resolve(definition.options.parse(whole), dimsOf(d_model)));
        }),
        place: fc.record({ in_scale: factor, out_scale: factor }),
        beside: fc.constantFrom(true, undefined, undefined, undefined),
      }),
    )
    .map(({ definition, drawn, place, beside }) => ({
      mixer: definition.name,
      ...repaired(definition, drawn, dimsOf(d_model)),
      // A layer that holds its residual itself takes no factors.
      ...(definition.residual === 'own' ? {} : place),
      ...(beside === undefined ? {} : { beside }),
    }));
}

const cases: fc.Arbitrary<Case> = fc
  .constantFrom(2, 4, 6)
  .chain((d_model) =>
    fc.record({
      d_model: fc.constant(d_model),
      layers: fc.array(layer(d_model), { minLength: 1, maxLength: 3 }),
      again: fc.boolean(),
      norm: fc.constantFrom('rms' as const, 'layer' as const, 'batch' as const),
      norm_position: fc.constantFrom('pre' as const, 'post' as const),
      tie_embeddings: fc.boolean(),
      embed_scale: factor,
      logit_scale: factor,
      prompt: fc.integer({ min: 2, max: LENGTH - 1 }),
      seed: fc.nat(1000),
    }),
  )
  .map(({ layers, again, prompt, seed, ...rest }) => {
    const [first, ...others] = layers as [LayerItem, ...LayerItem[]];
    const { beside: _, ...alone } = first as Record<string, unknown>;
    const shared = { ...alone, share: 'A' } as unknown as LayerItem;
    const stack = again ? [shared, ...others, shared] : [alone as unknown as LayerItem, ...others];
    return { config: { ...rest, layers: stack, norm_eps: 1e-5 }, prompt, seed };
  });

/** Undefined where layers stand side by side that cannot. */
function build(config: ModelConfig): Model | undefined {
  try {
    return buildModel({
      model: config,
      task: { type: 'language-model' },
      data: { length: LENGTH, input: { kind: 'tokens', vocab_size: ROWS }, target: { kind: 'next-token' } },
      cacheLength: LENGTH,
    });
  } catch (error) {
    if (error instanceof ModelError && error.path.at(-1) === 'beside') return undefined;
    throw error;
  }
}

function agrees({ config, prompt, seed }: Case): void {
  const model = build(config);
  fc.pre(model !== undefined);
  const random = new Random(seed, 'stack');
  const values: Record<string, Float64Array> = {};
  for (const [name, start] of model.initialise(seed)) {
    const near = Float64Array.from(start, (value) => value + 0.2 * random.normal());
    values[name] = model.parameters.get(name)!.buffer ? near.map(Math.abs) : near;
  }
  const ids = Int32Array.from({ length: BATCH * LENGTH }, () => random.integer(ROWS));
  const [expected] = g.interpret([model.logits(BATCH)['logits']!], { ...values, inputs: ids });
  const largest = expected!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.ok(Number.isFinite(largest));

  const program = model.decodeStep(BATCH);
  const run = (
    outputs: Record<string, g.Tensor>,
    states: Record<string, Float64Array>,
    tokens: Int32Array,
  ): Record<string, Float64Array> => {
    const found = g.interpret(Object.values(outputs), { ...values, ...states, ids: tokens });
    return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, found[i]!]));
  };
  const after = (found: Record<string, Float64Array>): Record<string, Float64Array> =>
    Object.fromEntries(Object.keys(model.states(1)).map((name) => [name, found[`next.${name}`]!]));
  const empty = Object.fromEntries(
    Object.entries(model.states(BATCH)).map(([name, shape]) => [
      name,
      new Float64Array(shape.reduce((size, extent) => size * extent, 1)),
    ]),
  );
  const tokens = (from: number, to: number): Int32Array =>
    Int32Array.from({ length: BATCH * (to - from) }, (_, i) => {
      return ids[Math.floor(i / (to - from)) * LENGTH + from + (i % (to - from))]!;
    });
  const same = (logits: Float64Array, t: number, what: string): void => {
    const rows = logits.length / BATCH;
    logits.forEach((logit, i) => {
      const at = (Math.floor(i / rows) * LENGTH + t) * rows + (i % rows);
      const error = Math.abs(logit - expected![at]!);
      assert.ok(error <= 1e-4 * (1 + largest), `${what}, token ${t}: ${logit}, in parallel ${expected![at]}`);
    });
  };
  const rest = (states: Record<string, Float64Array>, from: number, what: string): void => {
    let current = states;
    for (let t = from; t < LENGTH; t++) {
      const found = run(program, current, tokens(t, t + 1));
      same(found['logits']!, t, what);
      current = after(found);
    }
  };
  rest(empty, 0, 'token by token');
  assert.equal(model.prefillProblem, undefined);
  const read = run(model.prefill(BATCH, prompt), empty, tokens(0, prompt));
  same(read['logits']!, prompt - 1, 'behind the prompt');
  rest(after(read), prompt, 'after the prompt');
}

describe('models decode to the logits of their parallel form', () => {
  it('whatever stands in the stack', () => {
    fc.assert(fc.property(cases, agrees), { numRuns: 80 });
  });
});
