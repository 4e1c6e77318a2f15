/** @file Random shapes against the plainest formulation: an index at a time. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as g from '../../src/graph';
import { lowered } from '../../src/graph/compile';
import { openSession } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';
import { relativeError } from './support/compare';

interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

function filled(shape: readonly number[], name: string): Values {
  const random = new Random(5, name, ...shape);
  return { shape, data: Float64Array.from({ length: size(shape) }, () => Math.fround(random.normal())) };
}

/** All places of a shape, in row-major order. */
function* places(shape: readonly number[]): Generator<number[]> {
  const place = shape.map(() => 0);
  for (let i = 0; i < size(shape); i++) {
    yield [...place];
    for (let axis = shape.length - 1; axis >= 0 && ++place[axis]! === shape[axis]; axis--) place[axis] = 0;
  }
}

const at = ({ shape, data }: Values, place: readonly number[]): number =>
  data[place.reduce((flat, i, axis) => flat * shape[axis]! + i, 0)]!;

/** From a function of places. */
const made = (shape: readonly number[], f: (place: number[]) => number): Float64Array =>
  Float64Array.from(places(shape), f);

/** In the reference, in both targets' forms, and on the CPU. */
async function agrees(
  build: (...inputs: g.Tensor[]) => g.Tensor,
  operands: readonly Values[],
  expected: Float64Array,
  shape: readonly number[],
): Promise<void> {
  const tensor = build(...operands.map((x, i) => g.input(`x${i}`, x.shape)));
  assert.deepEqual([...tensor.shape], [...shape]);
  const feeds = Object.fromEntries(operands.map(({ data }, i) => [`x${i}`, data]));
  assert.ok(relativeError(g.interpret([tensor], feeds)[0]!, expected) < 1e-9);
  for (const target of ['cpu', 'webgpu'] as const) {
    assert.ok(relativeError(g.interpret(lowered([tensor], target), feeds)[0]!, expected) < 1e-9);
  }
  const compiled = g.compile({ y: tensor }, { target: 'cpu' });
  const session = await openSession(compiled, { device: 'cpu', threads: 1 });
  const arrays = compiled.inputs.map(({ name }) => [name, Float32Array.from(feeds[name]!)] as const);
  const { y } = await session.run(Object.fromEntries(arrays));
  await session.release();
  assert.ok(relativeError(y as Float32Array, expected) < 2e-6);
}

const extents = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
const runs = { numRuns: 60 };

/** A shape, and two others that broadcast to it. */
const broadcasting = extents.chain((shape) => {
  const operand = fc
    .tuple(fc.integer({ min: 0, max: shape.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
    .map(([dropped, single]) => shape.slice(dropped).map((extent, i) => (single[i] ? 1 : extent)));
  return fc.tuple(operand, operand);
});

/** Where an operand is read for a place of the result. */
const seen = (operand: Values, place: readonly number[]): number[] => {
  const offset = place.length - operand.shape.length;
  return operand.shape.map((extent, i) => (extent === 1 ? 0 : place[offset + i]!));
};

function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const extent = (shape: readonly number[], i: number): number => shape[i - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, i) => Math.max(extent(a, i), extent(b, i)));
}

describe('properties of shapes', function () {
  this.timeout(120_000);

  it('operands broadcast', () =>
    fc.assert(
      fc.asyncProperty(broadcasting, async ([left, right]) => {
        const [a, b] = [filled(left, 'a'), filled(right, 'b')];
        const shape = broadcastShape(left, right);
        const expected = made(
          shape,
          (place) => at(a, seen(a, place)) * at(b, seen(b, place)) - at(b, seen(b, place)),
        );
        await agrees((x, y) => g.sub(g.mul(x, y), y), [a, b], expected, shape);
      }),
      runs,
    ));

  it('gradients add up over what was repeated', () =>
    fc.assert(
      fc.asyncProperty(broadcasting, async ([left, right]) => {
        const [a, b] = [filled(left, 'a'), filled(right, 'b')];
        const shape = broadcastShape(left, right);
        const dy = filled(shape, 'dy');
        const expected = new Float64Array(a.data.length);
        for (const place of places(shape)) {
          const flat = seen(a, place).reduce((sum, i, axis) => sum * a.shape[axis]! + i, 0);
          expected[flat]! += at(dy, place) * at(b, seen(b, place));
        }
        const build = (x: g.Tensor, y: g.Tensor, cotangent: g.Tensor): g.Tensor =>
          g.gradients([{ output: g.mul(x, y), cotangent }], [x])[0]!;
        await agrees(build as (...xs: g.Tensor[]) => g.Tensor, [a, b, dy], expected, left);
      }),
      runs,
    ));

  const permuted = extents.chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
    ),
  );

  it('axes are permuted, twice and with shapes between', () =>
    fc.assert(
      fc.asyncProperty(permuted, async ([shape, first, second]) => {
        const x = filled(shape, 'x');
        const once = first.map((axis) => shape[axis]!);
        const twice = second.map((axis) => once[axis]!);
        const moved = (place: readonly number[]): number[] => {
          const before = new Array<number>(shape.length);
          second.forEach((axis, i) => (before[first[axis]!] = place[i]!));
          return before;
        };
        const flat = [size(twice)];
        const expected = made(twice, (place) => at(x, moved(place)));
        const build = (t: g.Tensor): g.Tensor => {
          const between = g.reshape(g.reshape(g.transpose(t, first), [1, -1]), once);
          return g.reshape(g.transpose(between, second), flat);
        };
        await agrees(build, [x], expected, flat);
      }),
      runs,
    ));

  const cut = fc
    .tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: -4, max: 4 }).filter((step) => step !== 0),
    )
    .chain(([n, step]) =>
      fc.tuple(
        fc.constant(n),
        fc.constant(step),
        fc.integer({ min: 0, max: n - 1 }),
        fc.integer({ min: 0, max: n }),
        fc.nat(3),
        fc.nat(3),
      ),
    );

  it('ranges are taken and padded', () =>
    fc.assert(
      fc.asyncProperty(cut, async ([n, step, start, count, before, after]) => {
        const taken: number[] = [];
        for (let i = start; i >= 0 && i < n && taken.length < count; i += step) taken.push(i);
        fc.pre(taken.length > 0);
        const x = filled([2, n, 2], 'x');
        const last = taken.at(-1)! + Math.sign(step);
        const padded = [
          ...new Array<number>(before).fill(-1),
          ...taken,
          ...new Array<number>(after).fill(-1),
        ];
        const shape = [2, padded.length, 2];
        const expected = made(shape, ([i, j, k]) => (padded[j!]! < 0 ? 0 : at(x, [i!, padded[j!]!, k!])));
        const end = last < 0 ? -Infinity : last;
        await agrees((t) => g.pad(g.slice(t, 1, start, end, step), 1, before, after), [x], expected, shape);
      }),
      runs,
    ));

  const names = fc.array(fc.constantFrom(...'abcd'), { maxLength: 3 });
  const equations = fc
    .tuple(
      fc.array(names, { minLength: 1, maxLength: 3 }),
      fc.tuple(...'abcd'.split('').map(() => fc.integer({ min: 1, max: 3 }))),
    )
    .chain(([operands, sizes]) => {
      const used = [...new Set(operands.flat())];
      return fc.tuple(fc.constant(operands), fc.constant(sizes), fc.shuffledSubarray(used));
    });

  it('sums of products by the names of axes', () =>
    fc.assert(
      fc.asyncProperty(equations, async ([inputs, sizes, output]) => {
        const extent = (name: string): number => sizes['abcd'.indexOf(name)]!;
        const operands = inputs.map((axes, i) => filled(axes.map(extent), `operand ${i}`));
        const used = [...new Set(inputs.flat())];
        const shape = output.map(extent);
        const expected = new Float64Array(size(shape));
        for (const place of places(used.map(extent))) {
          const of = (name: string): number => place[used.indexOf(name)]!;
          const product = operands.reduce((total, x, i) => total * at(x, inputs[i]!.map(of)), 1);
          expected[output.reduce((flat, name) => flat * extent(name) + of(name), 0)]! += product;
        }
        const equation = `${inputs.map((axes) => axes.join('')).join(',')}->${output.join('')}`;
        await agrees((...xs) => g.einsum(equation, ...xs), operands, expected, shape);
      }),
      { numRuns: 120 },
    ));
});
