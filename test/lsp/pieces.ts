/** @file What random edits are made of: YAML's marks, words of the language, and characters that break parsers. */

/** Aliases of aliases: 9¹¹ values if anyone follows them all. */
export const bomb = Array.from({ length: 12 }, (_, i) =>
  i === 0
    ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
    : `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
).join('\n');

/** Every line one step deeper than the line above. */
export const stairs = (depth: number): string =>
  Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n');

const marks = '\n|\n  |  |- |: |:|{|}|[|]|,|#|"|\'|&a |*a|<<: *a|>|\t|---\n|? '.split('|').concat('|');
const words =
  'mixer mixer:_mamba layers: block: null ~ 1_000 .inf 1e999 !!binary_x constructor __proto__:_1 extends:_a';

export const pieces: readonly string[] = [
  ...marks,
  ...words
    .split(' ')
    .map((word) => (word === '1_000' || word.startsWith('__') ? word : word.replace('_', ' '))),
  'extends: ./b.ssm.yaml\n',
  'sweep:\n  a.b: [1]\n',
  '\uD800',
  '\uDC00x',
  '\u0000',
  '😀',
];

/** Whole texts that have brought parsers down. */
export const hostile: readonly string[] = [
  bomb,
  stairs(400),
  '['.repeat(20_000),
  '{a: '.repeat(5000),
  '- '.repeat(3000),
  'a: &a\n  <<: *a\n',
  'extends: ./b.ssm.yaml\n',
  'model:\n  layers:\n    - {mixer: mamba, repeat: 1e9}\n',
];
