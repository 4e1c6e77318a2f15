import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { Random } from '../../src/util/random';

describe('hoisting', () => {
  const values = (name: string, count: number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => new Random(1, name, i).normal());

  it('takes out what follows from fixed inputs and keeps the values', () => {
    const [x, w, a] = [g.input('x', [2, 3]), g.input('w', [4, 3]), g.input('a', [4])];
    const decay = g.neg(g.exp(a));
    const y = g.mul(g.linear(x, w), g.mul(decay, 2));
    const program = { y, again: g.add(g.sum(y), g.sum(decay)), alone: decay };
    const { program: rest, prepared } = g.hoist(program, (name) => name !== 'x');
    const feeds = { x: values('x', 6), w: values('w', 12), a: values('a', 4) };
    const names = Object.keys(prepared);
    // decay · 2, the sum of the decay, and the decay itself.
    assert.equal(names.length, 3);
    const constants = g.interpret(Object.values(prepared), { w: feeds.w, a: feeds.a });
    const given = {
      x: feeds.x,
      w: feeds.w,
      ...Object.fromEntries(names.map((name, i) => [name, constants[i]!])),
    };
    assert.deepEqual(g.interpret(Object.values(rest), given), g.interpret(Object.values(program), feeds));
    const left = g.reachable(Object.values(rest)).map(({ operator }) => operator.name);
    assert.ok(!left.includes('exp') && !left.includes('neg'));
  });

  it('leaves weights and constants where they are', () => {
    const y = g.linear(g.input('x', [1, 3]), g.input('w', [4, 3]));
    const { program, prepared } = g.hoist({ y: g.add(y, 1) }, (name) => name === 'w');
    assert.deepEqual(Object.keys(prepared), []);
    assert.deepEqual(g.reachable(Object.values(program)).length > 0, true);
  });

  it('puts values in for inputs, and leaves the others', () => {
    const [x, w, a] = [g.input('x', [2, 3]), g.input('w', [4, 3]), g.input('a', [4])];
    const program = { y: g.mul(g.linear(x, w), g.exp(a)), weight: w };
    // Constants have 32 bits.
    const single = (name: string, count: number) => Float64Array.from(Float32Array.from(values(name, count)));
    const feeds = { x: values('x', 6), w: single('w', 12), a: single('a', 4) };
    const bound = g.bind(program, { w: feeds.w, a: feeds.a });
    assert.deepEqual(
      g.interpret(Object.values(bound), { x: feeds.x }),
      g.interpret(Object.values(program), feeds),
    );
    assert.deepEqual(
      g.compile(bound, { target: 'cpu' }).inputs.map(({ name }) => name),
      ['x'],
    );
  });
});
