/** @file Formatting changes how a config looks, never what it says. */
import * as assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { format } from '../../language-server/features/formatting';
import type { State } from '../../language-server/documents';
import { parseConfig, toPlain } from '../../src/config';

const formatted = (text: string): string => {
  const document = TextDocument.create('file:///a.ssm.yaml', 'ssm-yaml', 1, text);
  const [edit] = format({ document, parsed: parseConfig('a', text) } as State);
  return edit?.newText ?? text;
};
const plain = (text: string): unknown => {
  const { root } = parseConfig('a', text);
  return root && toPlain(root);
};

const folder = path.resolve(__dirname, '../../examples');
const examples = readdirSync(folder)
  .filter((name) => name.endsWith('.ssm.yaml'))
  .map((name) => readFileSync(path.join(folder, name), 'utf8'));

const untidy = `# top


data:   recall   # behind
model:
    d_model:  32
    layers:
    -   {mixer:   mamba,d_state: 16}
    # above
    - mixer: "mlp"
      expand:  2.0   
train:
   optimizer: {lr: 1e-3,   betas: [0.9,0.95]}
   steps: 1000



seed: 0x10
# end
`;
const tidy = `# top

data: recall # behind
model:
  d_model: 32
  layers:
    - {mixer: mamba, d_state: 16}
    # above
    - mixer: "mlp"
      expand: 2.0
train:
  optimizer: {lr: 1e-3, betas: [0.9, 0.95]}
  steps: 1000

seed: 0x10
# end
`;

describe('formatting', () => {
  it('indents by two, keeps comments, quotes and numbers as written', () => {
    assert.equal(formatted(untidy), tidy);
    assert.equal(formatted(untidy.replaceAll('\n', '\r\n')), tidy.replaceAll('\n', '\r\n'));
  });

  it('keeps the blanks in braces that the author likes', () => {
    assert.equal(
      formatted("a:   { b: '{c', d: {} }\ne: { f: [ 1 ] }\n"),
      "a: { b: '{c', d: {} }\ne: { f: [1] }\n",
    );
  });

  it('leaves the examples alone', () => {
    for (const text of examples) assert.equal(formatted(text), text);
  });

  it('does not touch what is not YAML', () => {
    for (const text of ['data: [recall\nmodel:   3\n', 'a: "open\n', '\ta:  1\n'])
      assert.equal(formatted(text), text);
  });

  it('keeps anchors, aliases, merges and block text', () => {
    const text = 'a:    &x\n    b: 1\nc:\n    <<:   *x\n    note:   |\n        two \n        lines\n';
    const after = formatted(text);
    assert.equal(after, 'a: &x\n  b: 1\nc:\n  <<: *x\n  note: |\n    two \n    lines\n');
  });

  it('keeps meaning and comments, and is done after one time, whatever the white space', () => {
    const mess = fc.record({
      text: fc.constantFrom(...examples, untidy),
      blanks: fc.array(fc.tuple(fc.nat(), fc.constantFrom(' ', '  ', '\n', ' \n')), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(mess, ({ text, blanks }) => {
        const places = [...text.matchAll(/: (?=\S)|,(?=\s)|$/gm)].map(({ index }) => index + 1);
        const extra = blanks.map(([at, blank]) => [places[at % places.length]!, blank] as const);
        extra.sort(([a], [b]) => b - a);
        let spoilt = text;
        for (const [at, blank] of extra)
          spoilt = spoilt.slice(0, at) + blank.replaceAll('\n', '') + spoilt.slice(at);
        const once = formatted(spoilt);
        assert.deepEqual(plain(once), plain(spoilt));
        assert.deepEqual(once.match(/#.*\S/g), spoilt.match(/#.*\S/g));
        assert.equal(formatted(once), once);
      }),
      { numRuns: 60 },
    );
  });
});
