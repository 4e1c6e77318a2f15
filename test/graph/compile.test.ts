/** @file What `compile` writes: only what is needed, once, under names that say where it comes from. */
import assert from 'node:assert/strict';
import { onnx } from 'onnx-proto';
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';
import { numberToHalf } from '../../src/util/half';

/** The model as another library reads it. */
const read = (compiled: g.Compiled): onnx.IGraphProto => onnx.ModelProto.decode(compiled.model).graph!;
const operators = (compiled: g.Compiled): string[] => read(compiled).node!.map(({ opType }) => opType!);

describe('compile', () => {
  const x = g.input('x', [3]);

  it('writes no node that feeds no output', () => {
    const loss = g.sum(g.square(x));
    g.gradients([{ output: loss }], [x]);
    g.exp(x);
    assert.deepEqual(operators(g.compile({ loss }, { target: 'cpu' })), ['Mul', 'ReduceSum']);
  });

  it('writes equal expressions once', () => {
    const compiled = g.compile({ y: g.add(g.exp(x), g.exp(g.input('x', [3]))) }, { target: 'cpu' });
    assert.deepEqual(operators(compiled), ['Exp', 'Add']);
    assert.deepEqual(compiled.inputs, [{ name: 'x', dtype: 'float32', shape: [3] }]);
  });

  it('computes constant expressions beforehand', () => {
    const mask = g.cast(g.less(g.iota(3), g.constant(Int32Array.of(2), [1])), 'float32');
    assert.deepEqual(operators(g.compile({ y: g.mul(x, mask) }, { target: 'cpu' })), ['Mul']);
  });

  it('lists only the inputs that outputs depend on', () => {
    const other = g.input('other', [2]);
    const compiled = g.compile({ y: g.neg(x), z: g.mul(g.stopGradient(x), 1) }, { target: 'cpu' });
    assert.deepEqual(
      compiled.inputs.map(({ name }) => name),
      ['x'],
    );
    assert.equal(other.shape.length, 1);
  });

  it('names nodes after their scope, gradients included', () => {
    const y = g.scope('layers.0', () => g.scope('mixer', () => g.exp(x)));
    const [dx] = g.gradients([{ output: y }], [x]);
    const names = read(g.compile({ y, dx: g.mul(dx!, dx!) }, { target: 'cpu' })).node!.map(
      ({ name }) => name!,
    );
    assert.ok(names[0]!.startsWith('layers.0/mixer/Exp_'), names[0]);
    const product = g.gradients([{ output: g.scope('a', () => g.mul(y, x)) }], [x]);
    const scoped = read(g.compile({ d: product[0]! }, { target: 'cpu' })).node!.map(({ name }) => name!);
    assert.ok(
      scoped.some((name) => name.startsWith('a/backward/')) ||
        scoped.some((name) => name.startsWith('layers.0/mixer/backward/')),
    );
  });

  it('names composites in the path of what they became', () => {
    const y = g.scope('head', () => g.softplus(x));
    const names = read(g.compile({ y }, { target: 'cpu' })).node!.map(({ name }) => name!);
    assert.ok(
      names.every((name) => name.startsWith('head/softplus/')),
      names.join(),
    );
  });

  it('gives the same bytes and hash for the same graph, others for another', () => {
    const build = (factor: number): g.Compiled =>
      g.compile({ y: g.mul(g.input('x', [3]), factor) }, { target: 'cpu' });
    assert.deepEqual(build(2).model, build(2).model);
    assert.equal(build(2).hash, build(2).hash);
    assert.notEqual(build(2).hash, build(3).hash);
  });

  it('rejects two inputs of one name and different shapes', () => {
    const other = g.input('x', [4]);
    assert.throws(
      () => g.compile({ y: g.neg(x), z: g.neg(other) }, { target: 'cpu' }),
      /input x has two shapes/,
    );
  });

  it('gives outputs that are inputs, constants or the same value twice', async () => {
    const twice = g.exp(x);
    const outputs = { same: x, fixed: g.constant([1, 2], [2]), a: twice, b: twice };
    const session = await openSession(g.compile(outputs, { target: 'cpu' }), { device: 'cpu', threads: 1 });
    const found = await session.run({ x: Float32Array.of(0, 0, 0) });
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(found).map(([name, values]) => [name, [...(values as Float32Array)]]),
      ),
      { same: [0, 0, 0], fixed: [1, 2], a: [1, 1, 1], b: [1, 1, 1] },
    );
    await session.release();
  });

  it('writes integer and boolean outputs', async () => {
    const ids = g.input('ids', [3], 'int32');
    const outputs = { next: g.add(ids, 1), large: g.greater(ids, 1) };
    const session = await openSession(g.compile(outputs, { target: 'cpu' }), { device: 'cpu', threads: 1 });
    const { next, large } = await session.run({ ids: Int32Array.of(0, 1, 2) });
    assert.deepEqual(next, Int32Array.of(1, 2, 3));
    assert.deepEqual(large, Uint8Array.of(0, 0, 1));
    await session.release();
  });

  it('takes and gives halves by their bits', async () => {
    const halves = g.input('x', [3], 'float16');
    const outputs = { sum: g.add(halves, 1), fixed: g.constant([1, -2, 65504], [3], 'float16') };
    const session = await openSession(g.compile(outputs, { target: 'cpu' }), { device: 'cpu', threads: 1 });
    const { sum, fixed } = await session.run({ x: Uint16Array.from([0, 1, -1.5], numberToHalf) });
    assert.deepEqual(sum, Uint16Array.from([1, 2, -0.5], numberToHalf));
    assert.deepEqual(fixed, Uint16Array.from([1, -2, 65504], numberToHalf));
    await session.release();
  });
});

describe('shape rules', () => {
  const x = g.input('x', [2, 3]);
  const cases: [string, () => unknown, RegExp][] = [
    [
      'add',
      () => g.add(x, g.zeros([4])),
      /add: shapes do not broadcast \(got float32\[2, 3\], float32\[4\]\)/,
    ],
    ['types', () => g.mul(x, g.iota(3)), /mul: operands must be numbers of one type/],
    [
      'halves and floats',
      () => g.mul(x, g.zeros([3], 'float16')),
      /mul: operands must be numbers of one type/,
    ],
    [
      'norms of halves',
      () => g.rmsNorm(g.cast(x, 'float16'), g.ones([3], 'float16'), 1e-5),
      /rmsNorm: every operand must be float32; cast it/,
    ],
    ['matmul', () => g.matmul(x, x), /matmul: inner extents 3 and 2 differ/],
    ['linear', () => g.linear(x, g.zeros([4, 2])), /linear: needs x \(…, in\) and weight \(out, in\)/],
    ['reshape', () => g.reshape(x, [4, -1]), /reshape: cannot become \[4, -1\]/],
    ['axis', () => g.sum(x, [2]), /sum: axis 2 does not exist/],
    ['concat', () => g.concat([x, g.zeros([3, 3])], 1), /concat: operands must agree/],
    ['split', () => g.split(x, 1, [1, 1]), /split: sizes \[1, 1\] do not add up/],
    ['embedding', () => g.embedding(x, x), /gather: indices must be int32/],
    ['crossEntropy', () => g.crossEntropy(x, g.iota(3)), /crossEntropy: needs float32 logits/],
    [
      'scan',
      () => g.selectiveScan({ u: x, delta: x, A: x, B: x, C: x }),
      /selectiveScan: u and delta must be/,
    ],
    ['ssd', () => g.ssd({ X: x, A: x, B: x, C: x }), /ssd: X must be/],
    ['expand', () => g.expand(x, [2, 4]), /expand: /],
  ];
  for (const [name, make, message] of cases) {
    it(name, () =>
      assert.throws(make, (error: Error) => error instanceof g.ShapeError && message.test(error.message)),
    );
  }
});
