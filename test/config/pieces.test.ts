/** @file Reading in pieces gives what reading whole gives: values, and the places where they are written. */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseConfig, toPlain, type ConfigNode } from '../../src/config';
import { readPieces } from '../../src/config/pieces';
import { makeSource } from '../../src/config/source';

/** Every key and single value with its range; the ends of mappings depend on comments behind them. */
function places(node: ConfigNode | undefined): string[] {
  if (!node) return [];
  if (node.kind === 'scalar') return [`${node.where.start}-${node.where.end} ${node.value} ${node.quoted}`];
  if (node.kind === 'list') return [`${node.where.start} list`, ...node.items.flatMap(places)];
  return [
    `${node.where.start} map`,
    ...[...node.entries].flatMap(([key, { keyWhere, node: value }]) => [
      `${keyWhere.start}-${keyWhere.end} ${key}`,
      ...places(value),
    ]),
  ];
}

const layer = (i: number): string =>
  [
    [`    - mixer: mamba # no ${i}`, `      d_state: ${i}`, '', '      # a comment', '      expand: 2'],
    [`    - {mixer: mamba2, headdim: ${i}}`, '    # between'],
    ['    - repeat: 2', '      block:', '      - mixer: mlp', `      - {mixer: mamba, d_state: ${i}}`],
    ['    -', '      mixer: mlp', "      text: 'a: b'", '      long: |', '        - x', '', '        y'],
  ][i % 4]!.join('\n');
const long = [
  '# head',
  'data: {type: text,',
  '  files: [a, b]}',
  'model:',
  '  d_model: 8',
  '',
  '  layers: # stack',
  ...Array.from({ length: 60 }, (_, i) => layer(i)),
  'train:',
  '  steps: 10',
  'list:',
  '- 1',
  '- 2',
  'seed: 0 # end',
  '',
].join('\n');

const same = (text: string): void => {
  const quick = parseConfig('a', text);
  const whole = parseConfig('a', text, { whole: true });
  assert.deepEqual(quick.diagnostics, whole.diagnostics);
  assert.deepEqual(quick.root && toPlain(quick.root), whole.root && toPlain(whole.root), text);
  assert.deepEqual(places(quick.root), places(whole.root));
};

describe('reading in pieces', () => {
  it('reads a plain text, and the same as whole', () => {
    assert.ok(readPieces(makeSource('a', long)));
    same(long);
  });

  it('leaves what is not plain to the full parser', () => {
    for (const text of [
      `${long}&a b: 1\n`,
      `${long}seed: 1\n`,
      `${long}  x: 1\n`,
      `\tx: 1\n${long}`,
      `${long}---\n`,
    ])
      assert.equal(readPieces(makeSource('a', text)), undefined);
  });

  it('agrees with the full parser after random edits', () => {
    const pieces = [
      '\n',
      ' ',
      '  ',
      '- ',
      ': ',
      ':',
      '{',
      '}',
      '[',
      ']',
      ',',
      '#',
      ' #',
      '"',
      "'",
      '|',
      'x',
      'a: 1\n',
    ];
    const edit = fc.record({
      at: fc.nat({ max: long.length }),
      remove: fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: 60 })),
      insert: fc.array(fc.constantFrom(...pieces), { maxLength: 3 }).map((list) => list.join('')),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
        let text = long;
        for (const { at, remove, insert } of edits)
          text = text.slice(0, at) + insert + text.slice(at + remove);
        same(text);
      }),
      { numRuns: Number(process.env['SSM_FUZZ_RUNS'] ?? 150) },
    );
  }).timeout(60_000);
});
