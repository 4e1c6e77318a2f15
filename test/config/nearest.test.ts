import * as assert from 'node:assert/strict';
import { distance, nearest, parseConfig, readSweep, stringifyConfig, toPlain } from '../../src/config';

describe('nearest', () => {
  it('counts edits and swaps', () => {
    assert.equal(distance('mamba', 'mamba'), 0);
    assert.equal(distance('mabma', 'mamba'), 1);
    assert.equal(distance('', 'abc'), 3);
    assert.equal(distance('kitten', 'sitting'), 3);
  });
  it('finds the meant word or none', () => {
    const words = ['d_state', 'd_conv', 'expand', 'dt_rank', 'heads'];
    assert.equal(nearest('d_stat', words), 'd_state');
    assert.equal(nearest('dState', words), 'd_state');
    assert.equal(nearest('expnd', words), 'expand');
    assert.equal(nearest('zebra', words), undefined);
    assert.equal(nearest('x', ['y']), undefined);
  });
});

describe('readSweep', () => {
  const read = (text: string) => {
    const { root, source } = parseConfig('a', text);
    assert.ok(root);
    return readSweep(root, { source, start: 0, end: 1 });
  };
  it('reads lists and ranges', () => {
    const { axes, diagnostics } = read(
      'a.b: [1, 2]\nlr: {log: [1e-4, 1e-2], count: 3}\nx: {linear: [0, 1], count: 5}',
    );
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      axes.map((axis) => [axis.path.join('.'), axis.values.map(toPlain)]),
      [
        ['a.b', [1, 2]],
        ['lr', [1e-4, 1e-3, 1e-2]],
        ['x', [0, 0.25, 0.5, 0.75, 1]],
      ],
    );
  });
  for (const text of [
    'a: 5',
    'a: []',
    'a: {log: [0, 1], count: 3}',
    'a: {log: [1, 2], count: 1}',
    'a: {log: [1]}',
  ]) {
    it(`reports ${text}`, () => assert.equal(read(text).diagnostics[0]?.code, 'bad-sweep'));
  }
});

describe('stringifyConfig', () => {
  it('writes what parseConfig reads back', () => {
    const value = { a: 1e-8, b: [0.9, 0.95], c: [{ d: 'yes', e: '1_0' }], f: 'a: b', g: true, h: '1' };
    const text = stringifyConfig(value, 'resolved');
    assert.match(text, /^# resolved/);
    assert.match(text, /b: \[0\.9, 0\.95\]/);
    const { root } = parseConfig('a', text);
    assert.deepEqual(root && toPlain(root), value);
  });
});
