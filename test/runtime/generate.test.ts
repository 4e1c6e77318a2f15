import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compile, dequantize, input, quantizedLinear, type EightBits } from '../../src/graph';
import { buildModel, type Program } from '../../src/models';
import { openTarget } from '../../src/cli/target';
import { modelFiles, openModelFolder, type OpenedModel } from '../../src/runtime/checkpoint';
import {
  ConstraintFactory,
  Decoder,
  draw,
  generate,
  likeliest,
  patternOf,
  rank,
  speculationProblem,
  type GenerateOptions,
} from '../../src/runtime/generate';
import { lookUp } from '../../src/runtime/generate/speculate';
import { leftWhole, quantizeParameters, roundedParameters } from '../../src/runtime/quantize';
import { openSession } from '../../src/runtime/ort';
import { signedBytesExact } from '../../src/runtime/signed-bytes';
import { bytesTokenizer } from '../../src/tokenizers';
import { Random } from '../../src/util/random';

const golden = resolve(__dirname, '../golden');
const greedy: GenerateOptions = { temperature: 0, topK: 0, topP: 1, maxTokens: 24, seed: 0 };
const prompt = Array.from({ length: 75 }, (_, i) => (i * i * 7 + 3) % 280);

const close = (a: Float32Array, b: Float32Array, tolerance: number): void => {
  assert.equal(a.length, b.length);
  a.forEach((value, i) => assert.ok(Math.abs(value - b[i]!) <= tolerance, `${i}: ${value}, ${b[i]}`));
};

describe('decoding', () => {
  it('reads a prompt in parallel with time-invariant and sparse layers', async () => {
    const model = buildModel({
      model: {
        d_model: 8,
        layers: [
          { mixer: 's4', d_state: 8 },
          { mixer: 's4d', d_state: 4 },
          { mixer: 'dss', d_state: 4 },
          { mixer: 'h3', d_state: 8, head_dim: 2 },
          { mixer: 'long-conv', lam: 0 },
          { mixer: 'sma', zdim: 4, ndim: 2, window_size: 8, max_positions: 16 },
          { mixer: 'spacetime', kernel_dim: 4 },
        ],
        norm: 'rms',
        norm_eps: 1e-5,
        tie_embeddings: true,
        vocab_size: 32,
      },
      task: { type: 'language-model' },
      data: { length: 64, input: { kind: 'tokens', vocab_size: 32 }, target: { kind: 'next-token' } },
    });
    const decoder = await Decoder.open(model, model.initialise(3), { threads: 1 });
    try {
      const ids = prompt.map((id) => id % 32);
      let stepped = new Float32Array();
      for (const id of ids) stepped = (await decoder.step(id)).slice() as Float32Array<ArrayBuffer>;
      const states = decoder.states;
      decoder.reset();
      close(await decoder.read(ids), stepped, 2e-4);
      for (const [state, values] of Object.entries(decoder.states)) close(values, states[state]!, 2e-4);
    } finally {
      await decoder.release();
    }
  });

  for (const name of ['hf-mamba-tiny', 'hf-mamba2-tiny', 'statespaces-mamba2-tiny']) {
    describe(name, () => {
      let opened: OpenedModel;
      let decoder: Decoder;
      before(async () => {
        opened = await openModelFolder(join(golden, name));
        decoder = await Decoder.open(opened.model, opened.parameters, { threads: 1 });
      });
      after(() => decoder.release());
      beforeEach(() => decoder.reset());

      it('reads a prompt in parallel as it does token by token', async () => {
        let stepped = new Float32Array();
        for (const id of prompt) stepped = (await decoder.step(id)).slice() as Float32Array<ArrayBuffer>;
        const states = decoder.states;
        decoder.reset();
        close(await decoder.read(prompt), stepped, 2e-4);
        for (const [state, values] of Object.entries(decoder.states)) close(values, states[state]!, 2e-4);
      });

      it('keeps states of one size, whatever the length', async () => {
        const bytes = decoder.stateBytes;
        await decoder.read(prompt);
        assert.equal(decoder.stateBytes, bytes);
        const perLayer = opened.model.layers.map((_, layer) => opened.model.stateBytes(layer)!);
        assert.equal(
          bytes,
          perLayer.reduce((total, part) => total + part, 0),
        );
      });

      it('continues several prompts side by side as one after the other', async () => {
        const prompts = [prompt, prompt.slice(3, 20), [5]];
        const batch = await Decoder.open(opened.model, opened.parameters, { threads: 1, batch: 3 });
        try {
          const together = await generate(batch, prompts, greedy, undefined, decoder);
          for (const [index, each] of prompts.entries()) {
            const [alone] = (await generate(decoder, [each], greedy)).sequences;
            assert.deepEqual(together.sequences[index]!.ids, alone!.ids);
          }
        } finally {
          await batch.release();
        }
      });

      it('gives the same text when it guesses ahead', async () => {
        const plain = await generate(decoder, [prompt], { ...greedy, maxTokens: 120 });
        for (const draft of [2, 5, 8]) {
          const drafted = await generate(decoder, [prompt], { ...greedy, maxTokens: 120, draft });
          assert.deepEqual(drafted.sequences[0]!.ids, plain.sequences[0]!.ids);
          assert.ok(drafted.accepted! >= 0);
        }
      });

      it('ranks candidates by the sum over their tokens', async () => {
        const candidates = [[4, 9, 2], [17], [260, 3]];
        const found = await rank(decoder, prompt, candidates);
        for (const { index, logprob } of found) {
          decoder.reset();
          let expected = 0;
          let row = (await decoder.read(prompt)).slice() as Float32Array;
          for (const id of candidates[index]!) {
            expected += likeliest(row, row.length, row.length).find((each) => each.id === id)!.logprob;
            row = (await decoder.step(id)).slice() as Float32Array;
          }
          assert.ok(Math.abs(logprob - expected) < 1e-3);
        }
        assert.deepEqual(
          found.map(({ logprob }) => logprob),
          found.map(({ logprob }) => logprob).toSorted((a, b) => b - a),
        );
      });
    });
  }

  it('ends at an end token, at a stop and at a length', async () => {
    const { model, parameters } = await openModelFolder(join(golden, 'hf-mamba-tiny'));
    const decoder = await Decoder.open(model, parameters, { threads: 1 });
    try {
      const [whole] = (await generate(decoder, [[5]], greedy)).sequences;
      assert.equal(whole!.finish, 'length');
      const end = [whole!.ids[4]!];
      const [ended] = (await generate(decoder, [[5]], { ...greedy, end })).sequences;
      assert.equal(ended!.finish, 'end');
      assert.deepEqual(ended!.ids, whole!.ids.slice(0, whole!.ids.indexOf(end[0]!)));
      const stopped = (ids: readonly number[]): boolean => ids.length === 3;
      const [stop] = (await generate(decoder, [[5]], { ...greedy, stopped })).sequences;
      assert.deepEqual([stop!.finish, stop!.ids.length], ['stop', 3]);
      await assert.rejects(generate(decoder, [[]], greedy), /at least one token/);
      await assert.rejects(generate(decoder, [[999]], greedy), /id 999/);
    } finally {
      await decoder.release();
    }
  });

  for (const bits of [8, 4] as const) {
    it(`computes with weights of ${bits} bits what their numbers say`, async () => {
      const { model, parameters } = await openModelFolder(join(golden, 'hf-mamba-tiny'));
      // Wide enough for blocks of 32.
      const { buildModel } = await import('../../src/models');
      const wide = buildModel({
        model: { ...model.config, d_model: 64 },
        task: model.task,
        data: model.data,
      });
      assert.ok(parameters.size > 0);
      const values = wide.initialise(3);
      const few = await Decoder.open(wide, values, { threads: 1, bits });
      const rounded = roundedParameters(wide, values, bits);
      // The head has these bits, the embedding 8.
      const eight = quantizeParameters(wide, values, 8).get('backbone.embedding.weight')!;
      rounded.set('backbone.embedding.weight', dequantize(eight));
      const exact = await Decoder.open(wide, rounded, { threads: 1 });
      const full = await Decoder.open(wide, values, { threads: 1 });
      try {
        const distance = (a: Float32Array, b: Float32Array): number =>
          Math.sqrt(
            a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) /
              b.reduce((sum, value) => sum + value ** 2, 0),
          );
        assert.match(
          speculationProblem(few, { ...greedy, draft: 4 }) ?? '',
          /Drafts are checked with weights in 32 bits/,
        );
        for (const id of [5, 9, 200, 31]) {
          const [x, y, z] = [await few.step(id), await exact.step(id), await full.step(id)];
          assert.ok(distance(x, y) < (bits === 8 ? 0.03 : 0.15), `${distance(x, y)}`);
          assert.ok(distance(x, z) < (bits === 8 ? 0.04 : 0.25), `${distance(x, z)}`);
          assert.ok(distance(x, z) > 0);
        }
        // Prompts are read with the same weights, and every token's activations rounded alike.
        const prompt = Array.from({ length: 72 }, (_, i) => (i * 37) % 256);
        few.reset();
        let stepped: Float32Array = new Float32Array();
        for (const id of prompt) stepped = await few.step(id);
        const states = few.states;
        few.reset();
        const read = await few.read(prompt);
        assert.ok(distance(read, stepped) < 1e-3, `logits: ${distance(read, stepped)}`);
        for (const [name, state] of Object.entries(few.states))
          assert.ok(distance(state, states[name]!) < 1e-3, `${name}: ${distance(state, states[name]!)}`);
      } finally {
        for (const each of [few, exact, full]) await each.release();
      }
    });
  }
});

describe('mixtures of experts', () => {
  // Copies of the chosen experts, and all of them.
  for (const num_experts of [8, 3]) {
    for (const bits of [undefined, 8, 4] as const) {
      it(`of ${num_experts} read what they step through, in ${bits ?? 32} bits`, async () => {
        const { model: tiny } = await openModelFolder(join(golden, 'hf-mamba-tiny'));
        const moe = { mixer: 'moe', num_experts, top_k: 2, d_intermediate: 32, d_shared: 32 };
        const model = buildModel({
          model: { ...tiny.config, d_model: 64, layers: [{ mixer: 'mamba' }, moe] },
          task: tiny.task,
          data: tiny.data,
        });
        const values = model.initialise(3);
        if (bits)
          assert.ok(
            quantizeParameters(model, values, bits).has('backbone.layers.1.mixer.experts.fc1.weight'),
          );
        const decoder = await Decoder.open(model, values, { threads: 1, ...(bits ? { bits } : {}) });
        try {
          const prompt = Array.from({ length: 12 }, (_, i) => (i * 37) % 256);
          let stepped: Float32Array | undefined;
          for (const id of prompt) stepped = await decoder.step(id);
          decoder.reset();
          const read = await decoder.read(prompt);
          const most = Math.max(...read.map(Math.abs));
          read.forEach((value, i) => assert.ok(Math.abs(value - stepped![i]!) < 1e-4 * most));
        } finally {
          await decoder.release();
        }
      });
    }
  }
});

describe('signed bytes', () => {
  const matrix = (signed: boolean): EightBits => ({
    bits: 8,
    rows: 48,
    columns: 96,
    data: Uint8Array.from({ length: 48 * 96 }, (_, i) => (((i * 97) % 255) - 127 + (signed ? 0 : 128)) & 255),
    scales: new Float32Array(48).fill(0.01),
    signed,
  });

  it('stand for the same numbers as unsigned ones', async () => {
    const { model } = await openModelFolder(join(golden, 'hf-mamba-tiny'));
    const wide = buildModel({ model: { ...model.config, d_model: 64 }, task: model.task, data: model.data });
    const values = wide.initialise(3);
    const signed = quantizeParameters(wide, values, 8, true);
    assert.ok(signed.size > 0);
    for (const [name, plain] of quantizeParameters(wide, values, 8)) {
      assert.deepEqual(dequantize(signed.get(name)!), dequantize(plain), name);
    }
  });

  it('give the same products as graph inputs, which several graphs read in one place', async () => {
    for (const signed of (await signedBytesExact()) ? [false, true] : [false]) {
      for (const rows of [1, 3]) {
        const [x, weight] = [input('x', [rows, 96]), matrix(signed)];
        const opened = async (program: Program, bytes: Record<string, Uint8Array> = {}) => {
          const compiled = compile(program, { target: 'cpu' });
          const session = await openSession(compiled, { device: 'cpu', threads: 1 });
          const feed = Float32Array.from({ length: 96 * rows }, (_, i) => 1 - ((i * 13) % 7) / 8);
          const { y } = await session.run({ x: feed, ...bytes });
          await session.release();
          return { y, size: compiled.model.length };
        };
        const inside = await opened({ y: quantizedLinear(x, weight) });
        const fed = await opened({ y: quantizedLinear(x, { ...weight, fed: 'w' }) }, { w: weight.data });
        assert.deepEqual(fed.y, inside.y);
        assert.ok(inside.size - fed.size > 0.9 * weight.data.length, `${inside.size}, ${fed.size}`);
      }
    }
  });

  it('are made while a checkpoint is read: nothing that is held in fewer bits is kept in 32', async () => {
    const { model } = await openModelFolder(join(golden, 'hf-mamba-tiny'));
    const folder = await mkdtemp(join(tmpdir(), 'bits-'));
    try {
      for (const tie_embeddings of [true, false]) {
        const config = { ...model.config, d_model: 64, tie_embeddings };
        const wide = buildModel({ model: config, task: model.task, data: model.data });
        const values = wide.initialise(3);
        for (const { name, parts } of modelFiles(wide, values))
          await writeFile(join(folder, name), Buffer.concat(parts));
        for (const bits of [8, 4] as const) {
          const { parameters, weights } = await openTarget(folder, { bits });
          const left = [...parameters.keys()].filter((name) => /embedding|head|in_proj|out_proj/.test(name));
          assert.deepEqual(left, []);
          const whole = await Decoder.open(wide, values, { threads: 1, bits });
          const few = await Decoder.open(wide, parameters, { threads: 1, bits, weights: weights! });
          for (const id of [3, 200, 17]) assert.deepEqual(await few.step(id), await whole.step(id));
          for (const decoder of [whole, few]) await decoder.release();
        }
        const rows = dequantize(quantizeParameters(wide, values, 8).get('backbone.embedding.weight')!);
        const embedding = values.get('backbone.embedding.weight')!;
        for (let i = 0; i < rows.length; i += 64) {
          const largest = Math.max(...embedding.subarray(i, i + 64).map(Math.abs));
          rows.subarray(i, i + 64).forEach((value, j) => {
            assert.ok(Math.abs(value - embedding[i + j]!) <= largest / 127 / 2 + 1e-7);
          });
        }
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('say how many weights stay in 32 bits because their rows are no whole blocks', async () => {
    const { model } = await openModelFolder(join(golden, 'hf-mamba-tiny'));
    const of = (d_model: number) =>
      buildModel({ model: { ...model.config, d_model }, task: model.task, data: model.data });
    assert.equal(leftWhole(of(64), 4), undefined);
    // Of a model 48 wide the embedding and the projections into the layers; d_inner is 96, three blocks.
    const odd = of(48);
    const sizes = [...odd.parameters].filter(([name]) => /embedding|in_proj/.test(name));
    const left = sizes.reduce((sum, [, { shape }]) => sum + shape[0]! * shape[1]!, 0);
    const [some, all] = [left, odd.parameterCount].map((count) => count.toLocaleString('en-GB'));
    assert.match(
      leftWhole(odd, 4) ?? '',
      new RegExp(`^--bits 4: ${some} of ${all} parameters stay in 32 bits`),
    );
    const weights = quantizeParameters(odd, odd.initialise(3), 4);
    assert.deepEqual(
      [...weights.keys()].filter((name) => /embedding|in_proj/.test(name)),
      [],
    );
    assert.ok([...weights.keys()].some((name) => name.endsWith('out_proj.weight')));
  });

  it('give the same products wherever they are trusted', async function () {
    if (!(await signedBytesExact())) {
      this.test!.title += ' (skipped: signed bytes overflow on this processor)';
      this.skip();
    }
    const x = input('x', [2, 96]);
    const program = { a: quantizedLinear(x, matrix(false)), b: quantizedLinear(x, matrix(true)) };
    const session = await openSession(compile(program, { target: 'cpu' }), { device: 'cpu', threads: 1 });
    try {
      const feed = Float32Array.from({ length: 192 }, (_, i) => 1 - ((i * 13) % 7) / 8);
      const { a, b } = (await session.run({ x: feed })) as Record<string, Float32Array>;
      assert.deepEqual(b, a);
    } finally {
      await session.release();
    }
  });
});

describe('guessing ahead', () => {
  it('takes what followed the last time, and lets it repeat', () => {
    assert.deepEqual(lookUp([1, 2, 3, 9, 8, 1, 2], 3), [3, 9, 8]);
    assert.deepEqual(lookUp([5, 5, 5, 5], 4), [5, 5, 5, 5]);
    assert.deepEqual(lookUp([0, 1, 2, 1, 2, 1, 2], 5), [1, 2, 1, 2, 1]);
    assert.deepEqual(lookUp([1, 2, 3], 4), []);
  });
});

describe('drawing', () => {
  const row = Float32Array.of(0, Math.log(2), Math.log(4), Math.log(1), 50);
  const options = { temperature: 1, topK: 0, topP: 1 };
  const ids = (given: object, history: readonly number[] = [], mask?: Uint8Array): Set<number> =>
    new Set(
      Array.from(
        { length: 500 },
        (_, i) => draw(row, 4, { ...options, ...given }, new Random(2, i), mask, history).id,
      ),
    );

  it('keeps what has a share of the likeliest', () => {
    assert.deepEqual([...ids({ minP: 0.4 })].sort(), [1, 2]);
    assert.deepEqual([...ids({ minP: 0.6 })], [2]);
  });
  it('holds repetition down', () => {
    assert.deepEqual([...ids({ temperature: 0, repetitionPenalty: 3 }, [2])], [1]);
    assert.deepEqual([...ids({ temperature: 0, repetitionPenalty: 1.1 }, [2])], [2]);
  });
  it('stays within a mask', () => {
    assert.deepEqual([...ids({}, [], Uint8Array.of(1, 0, 0, 1))].sort(), [0, 3]);
  });
  it('tells the probability before any cut', () => {
    const { logprob } = draw(row, 4, { ...options, temperature: 0 }, new Random(1));
    assert.ok(Math.abs(logprob - Math.log(4 / 8)) < 1e-6);
    assert.deepEqual(
      likeliest(row, 4, 2).map(({ id }) => id),
      [2, 1],
    );
  });
});

describe('constraints', () => {
  /** Texts that follow the masks byte by byte, choosing by a number. */
  function walk(pattern: Parameters<typeof patternOf>[0], choices: number): string {
    const factory = new ConstraintFactory(patternOf(pattern), bytesTokenizer, 257, [256]);
    const constraint = factory.start();
    const bytes: number[] = [];
    for (let i = 0; i < 400; i++) {
      const mask = constraint.mask();
      const allowed = Array.from({ length: 257 }, (_, id) => id).filter((id) => mask[id] === 1);
      assert.ok(allowed.length > 0);
      const random = new Random(choices, i);
      const late = i > 60 && allowed.includes(256);
      const id = late ? 256 : allowed[random.integer(allowed.length)]!;
      if (id === 256) break;
      constraint.accept(id);
      bytes.push(id);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
  }

  for (const regex of ['[a-c]{2,4}(x|yy)?', '\\d+\\.\\d\\d', '(?:ab|a)*c', 'naïve [☕é]+', '[^"\\\\]{3}']) {
    it(`keep to /${regex}/`, () => {
      const whole = new RegExp(`^(?:${regex})$`, 'u');
      for (let choices = 0; choices < 20; choices++) assert.match(walk({ regex }, choices), whole);
    });
  }

  it('keep to a schema', () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string', maxLength: 5 },
        tags: { type: 'array', items: { enum: ['a', 'b', 3] }, maxItems: 3 },
        size: { $ref: '#/$defs/size' },
        on: { type: ['boolean', 'null'] },
      },
      required: ['tags', 'on'],
      additionalProperties: false,
      $defs: { size: { anyOf: [{ type: 'integer' }, { const: { w: 1 } }] } },
    };
    const seen = new Set<string>();
    for (let choices = 0; choices < 60; choices++) {
      const value = JSON.parse(walk({ schema }, choices)) as Record<string, unknown>;
      for (const key of Object.keys(value)) seen.add(key);
      assert.ok(Array.isArray(value['tags']) && value['tags'].length <= 3);
      assert.ok(value['on'] === null || typeof value['on'] === 'boolean');
      if ('name' in value) assert.ok([...(value['name'] as string)].length <= 5);
      if ('size' in value && typeof value['size'] !== 'number') assert.deepEqual(value['size'], { w: 1 });
    }
    assert.deepEqual([...seen].sort(), ['name', 'on', 'size', 'tags']);
  });

  it('say what cannot be enforced', () => {
    assert.throws(() => patternOf({ regex: '(a' }), /not closed/);
    assert.throws(() => patternOf({ regex: '(?=a)' }), /look-around/);
    assert.throws(() => patternOf({ regex: '\\1' }), /\\1 is not supported/);
    assert.throws(
      () => patternOf({ schema: { type: 'string', uniqueItems: true } }),
      /uniqueItems cannot be enforced/,
    );
    assert.throws(() => patternOf({ schema: { $ref: '#' } }), /recursive/);
    assert.throws(() => patternOf({ schema: { type: 'sting' } }), /sting/);
  });
});
