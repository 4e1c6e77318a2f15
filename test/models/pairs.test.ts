/** @file Pairs of documents: what is compared, that the two are read apart, and that a tiny set is learned. */
import * as assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { buildModel, type ModelConfig, type ModelData } from '../../src/models';
import { Random } from '../../src/util/random';
import { dataFolder, problem } from '../data/folder';

const STEPS = 5;
const data: ModelData = {
  length: 2 * STEPS,
  input: { kind: 'tokens', vocab_size: 9, padding: 8, documents: 2 },
  target: { kind: 'class', classes: 2 },
};
const config: ModelConfig = {
  d_model: 6,
  layers: [{ mixer: 's4d', d_state: 4, bidirectional: true }],
  norm: 'layer',
  norm_eps: 1e-5,
  tie_embeddings: true,
};
const task = { type: 'classification', pooling: 'mean' } as const;

describe('a pair of documents', () => {
  const model = buildModel({ model: config, task, data });
  const values = Object.fromEntries(model.initialise(2));
  const logits = (inputs: number[]): Float64Array =>
    g.interpret([model.logits(inputs.length / (2 * STEPS))['logits']!], {
      ...values,
      inputs: Int32Array.from(inputs),
    })[0]!;

  it('is compared by [x₁, x₂, x₁ ⊙ x₂, x₁ − x₂], one hidden layer and the classes', () => {
    const [first, second] = [
      [3, 1, 4, 1, 5],
      [2, 7, 8, 8, 8],
    ];
    // The encoder alone: a classifier of the same layers whose head is the identity.
    const alone = buildModel({
      model: config,
      task,
      data: {
        ...data,
        length: STEPS,
        input: { kind: 'tokens', vocab_size: 9, padding: 8 },
        target: { kind: 'class', classes: 6 },
      },
    });
    const identity = Float32Array.from({ length: 36 }, (_, i) => Number(i % 7 === 0));
    const vector = (inputs: number[]): number[] =>
      Array.from(
        g.interpret([alone.logits(1)['logits']!], {
          ...Object.fromEntries(alone.initialise(2)),
          'classifier.weight': identity,
          'classifier.bias': new Float32Array(6),
          inputs: Int32Array.from(inputs),
        })[0]!,
      );
    const [x, y] = [vector(first!), vector(second!)];
    const features = [...x, ...y, ...x.map((v, i) => v * y[i]!), ...x.map((v, i) => v - y[i]!)];
    const linear = (name: string, input: readonly number[]): number[] =>
      Array.from(values[`${name}.bias`]!, (bias, row) =>
        input.reduce((sum, v, i) => sum + v * values[`${name}.weight`]![row * input.length + i]!, bias),
      );
    const hidden = linear('pair', features).map((v) => Math.max(0, v));
    const expected = linear('classifier', hidden);
    const found = logits([...first!, ...second!]);
    expected.forEach((value, i) => assert.ok(Math.abs(value - found[i]!) < 1e-6));
  });

  it('gives the same in a batch as alone', () => {
    const pairs = [
      [3, 1, 4, 1, 5, 2, 7, 8, 8, 8],
      [0, 0, 1, 8, 8, 6, 6, 6, 6, 6],
    ];
    const both = Array.from(logits(pairs.flat()));
    assert.deepEqual(
      both.map((v) => v.toFixed(9)),
      pairs.flatMap((pair) => Array.from(logits(pair), (v) => v.toFixed(9))),
    );
  });

  it('has gauges per example, not per document', () => {
    const { losses, ...rest } = model.evaluation(3, 2 * STEPS, { activations: true });
    assert.deepEqual([...losses!.shape], [3]);
    for (const tensor of Object.values(rest)) assert.deepEqual([...tensor.shape], [3]);
  });
});

describe('text-pairs', () => {
  const { write, open } = dataFolder();
  const random = new Random(5, 'pairs');
  const word = (): string => 'abcd'[random.integer(4)]!;
  const rows = Array.from({ length: 240 }, () => {
    const [first, other] = [word(), word()];
    return [first === other ? '1' : '0', first.repeat(6), other.repeat(3 + random.integer(4))];
  });
  const options = { files: ['pairs.tsv'], document_length: 8 };
  before(() =>
    write('pairs.tsv', [['label', 'text1', 'text2'], ...rows].map((row) => row.join('\t')).join('\n')),
  );

  it('reads tables, cuts and pads each text', async () => {
    const set = await open('text-pairs', { ...options, document_length: 4, test: 0, validation: 0.01 });
    const { inputs, targets } = set.trainBatch(0, 20);
    for (let i = 0; i < 20; i++) {
      const [a, b] = [inputs.subarray(8 * i, 8 * i + 4), inputs.subarray(8 * i + 4, 8 * i + 8)];
      assert.equal(a[0] === b[0], targets[i] === 1);
      assert.equal(a[3], a[0]);
      assert.ok(b[3] === b[0] || b[3] === 256);
    }
    write('plain.tsv', rows.map((row, i) => [row[0], i, i, `"${row[1]}`, row[2]].join('\t')).join('\r\n'));
    const columns = { header: false, label: '1', first: '4', second: '5' };
    const plain = await open('text-pairs', { files: ['plain.tsv'], document_length: 4, ...columns });
    // A quotation mark is a letter.
    assert.equal(plain.trainBatch(0, 1).inputs[0], '"'.charCodeAt(0));
  });

  it('names the row that is wrong', async () => {
    await assert.rejects(open('text-pairs', { ...options, second: 'b' }), problem(['second'], /no column b/));
    await assert.rejects(
      open('text-pairs', { ...options, classes: ['1', '2'] }),
      problem(['classes'], /row \d+ has the label 0/),
    );
    write('odd.tsv', 'label\ttext1\ttext2\n1\ta\n');
    await assert.rejects(
      open('text-pairs', { files: ['odd.tsv'] }),
      problem(['files'], /row 1 has 2 fields instead of 3/),
    );
    write('none.tsv', 'nothing\n');
    await assert.rejects(open('text-pairs', { files: ['none.tsv'] }), problem(['files'], /no row of fields/));
  });

  it('is learned from a tiny set', async function () {
    this.timeout(60_000);
    const set = await open('text-pairs', options);
    const learner = buildModel({ model: { ...config, d_model: 8 }, task, data: set.shape });
    const parameters = learner.initialise(1);
    const program = learner.trainingStep(16);
    const names = [...parameters.keys()];
    // Adam by hand.
    let loss = Infinity;
    const state = new Map(
      names.map((name) => {
        const { length } = parameters.get(name)!;
        return [name, { m: new Float64Array(length), v: new Float64Array(length) }] as const;
      }),
    );
    for (let step = 1; step <= 120; step++) {
      const { inputs, targets } = set.trainBatch(step - 1, 16);
      const feeds = { ...Object.fromEntries(parameters), inputs, targets };
      const [found, ...gradients] = g.interpret(
        [program['loss']!, ...names.map((name) => program[`grad.${name}`]!)],
        feeds,
      );
      loss = step === 1 ? found![0]! : 0.9 * loss + 0.1 * found![0]!;
      names.forEach((name, at) => {
        const { m, v } = state.get(name)!;
        parameters.get(name)!.forEach((value, i) => {
          const slope = gradients[at]![i]!;
          m[i] = 0.9 * m[i]! + 0.1 * slope;
          v[i] = 0.99 * v[i]! + 0.01 * slope * slope;
          const change = m[i]! / (1 - 0.9 ** step) / (Math.sqrt(v[i]! / (1 - 0.99 ** step)) + 1e-8);
          parameters.get(name)![i] = value - 0.02 * change;
        });
      });
    }
    assert.ok(loss < 0.25, `the loss is still ${loss}`);
  });
});
