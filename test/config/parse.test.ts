import * as assert from 'node:assert/strict';
import { find, headWhere, parseConfig, textAt, toPlain, valueWhere } from '../../src/config';
import { processorTime } from '../util/processor-time';

const plain = (text: string): unknown => {
  const { root } = parseConfig('a', text);
  return root && toPlain(root);
};

describe('parseConfig', () => {
  it('gives values of the YAML 1.2 core schema', () => {
    assert.deepEqual(plain('a: 1e-3\nb: [1, true, x]\nc: {d: ~}\ne: 1_000'), {
      a: 1e-3,
      b: [1, true, 'x'],
      c: { d: null },
      e: '1_000',
    });
  });

  it('maps a path to the ranges of key and value', () => {
    const { root } = parseConfig('a', 'model:\n  layers:\n    - {mixer: mamba, d_state: 16}\n');
    assert.ok(root);
    const found = find(root, ['model', 'layers', 0, 'd_state']);
    assert.equal(found.exact, true);
    assert.equal(found.entry && textAt(found.entry.keyWhere), 'd_state');
    assert.equal(textAt(valueWhere(found)), '16');
    const missing = find(root, ['model', 'layers', 0, 'expand']);
    assert.equal(missing.exact, false);
    assert.deepEqual(missing.path, ['model', 'layers', 0]);
    assert.equal(textAt(headWhere(find(root, ['model', 'layers']))), 'layers');
  });

  it('underlines the key of an empty value', () => {
    const { root } = parseConfig('a', 'model:\n  d_model:\n');
    assert.ok(root);
    assert.equal(textAt(valueWhere(find(root, ['model', 'd_model']))), 'd_model');
  });

  it('follows aliases and merge keys, own keys first', () => {
    const text = 'a: &x {m: 1, n: 2}\nb:\n  <<: *x\n  n: 3\nc: *x\nd:\n  <<: [{m: 5}, *x]';
    assert.deepEqual(plain(text), {
      a: { m: 1, n: 2 },
      b: { n: 3, m: 1 },
      c: { m: 1, n: 2 },
      d: { m: 5, n: 2 },
    });
  });

  const reported: [string, string, string, number][] = [
    ['a duplicate key', 'a: 1\na: 2', 'duplicate-key', 2],
    ['an unknown alias', 'a: *b', 'unresolved-alias', 1],
    ['an alias within its anchor', 'a: &x [*x]', 'unresolved-alias', 1],
    ['a second document', 'a: 1\n---\nb: 1', 'several-documents', 2],
    ['a tab', 'a:\n\tb: 1', 'yaml-syntax', 2],
    ['an open bracket', 'a: [1, 2\nb: 3', 'yaml-syntax', 2],
    ['an open quote', 'a: "x', 'yaml-syntax', 1],
    ['a key without colon', 'model:\n  d_model\n  norm: rms', 'yaml-syntax', 2],
    ['a mapping as key', '? {a: 1}\n: 2', 'bad-key', 1],
    ['an endless nesting of brackets', 'a: ' + '['.repeat(9000), 'too-large', 1],
    ['a huge file', 'a: 1 #' + 'x'.repeat(300_000), 'too-large', 1],
  ];
  for (const [what, text, code, line] of reported) {
    it(`reports ${what} with its line`, () => {
      const [first] = parseConfig('a', text).diagnostics;
      assert.equal(first?.code, code);
      assert.equal(first.line, line);
      assert.equal(first.severity, 'error');
    });
  }

  it('refuses a bomb of aliases quickly', async () => {
    let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
    for (let i = 1; i < 12; i++)
      text += `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]\n`;
    const took = await processorTime(5000, () => {
      const { diagnostics } = parseConfig('a', text);
      assert.ok(diagnostics.some((d) => d.code === 'too-large'));
    });
    assert.ok(took < 5000, `${took} ms`);
  });

  it('survives block nesting beyond the stack', () => {
    let text = '';
    for (let i = 0; i < 700; i++) text += `${' '.repeat(i)}a:\n`;
    const { diagnostics } = parseConfig('a', text);
    assert.ok(diagnostics.length > 0);
  });

  it('keeps a key __proto__ an ordinary key', () => {
    const value = plain('__proto__: {polluted: 1}') as object;
    assert.deepEqual(Object.keys(value), ['__proto__']);
    assert.equal((value as { polluted?: number }).polluted, undefined);
  });

  it('reads JSON', () => {
    assert.deepEqual(plain('{\n\t"data": "text",\n\t"model": {"d_model": 8}\n}'), {
      data: 'text',
      model: { d_model: 8 },
    });
    assert.deepEqual(parseConfig('a.ssm.json', '{\n\t"data": "text"\n}').diagnostics, []);
  });
});
