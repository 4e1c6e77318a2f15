/** @file Wrong options of data sets, over real files too: one error, at the line that has them, in the field's words. */
import * as assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { resolveFile } from '../../src/language';

const files: Readonly<Record<string, string>> = {
  'a.csv': `a,b,y\n${'1,2,x\n3,4,z\n'.repeat(20)}`,
  't.jsonl': '{"text":"a b","label":"x"}\n'.repeat(20),
};

/** Lines beneath `type:`, the option at whose line the error stands, what it says, its code. */
type Row = readonly [type: string, options: string, at: string, message: RegExp, code?: string];

const table = 'files: [a.csv]\nlabel: y\nlength: 2\n';
const rows: readonly Row[] = [
  ['induction-heads', 'length: 2', 'length', /from 3 to 16777216; found `2`/],
  ['selective-copying', 'vocab_size: 3', 'vocab_size', /from 4 to 65536/],
  [
    'copying',
    'layout: lag\nlength: 10\ntokens: 10',
    'tokens',
    /`tokens` \(10\) must be below `length` \(10\)/,
  ],
  ['associative-recall', 'length: 21', 'length', /divisible by 2/],
  ['mqar', 'length: 65', 'length', /divisible by 2/],
  [
    'mqar',
    'num_kv_pairs: 16\nvocab_size: 16',
    'vocab_size',
    /16 different keys need a vocabulary of at least 34/,
  ],
  ['mqar', 'power_a: 2', 'power_a', /above 0 and at most 1/],
  ['phonebook', 'names: 6\nentries: 7', 'names', /book of 7 different names/],
  ['delay', 'length: 100\nlag: 100', 'lag', /`lag` must be below `length` \(100\)/],
  ['delay', 'dt: 0.01\nbandwidth: 60', 'bandwidth', /half the sampling rate/],
  ['listops', 'length: 50\nmin_length: 60', 'min_length', /at most half of `length` \(50\)/],
  ['listops', 'max_args: 1', 'max_args', /from 2 to 20/],
  ['pathfinder', 'contour_length: 20', 'contour_length', /from 3 to 14/],
  ['sequential-mnist', 'tokens: patches\npatch_size: 5', 'patch_size', /cannot be divided into patches of 5/],
  ['text', 'files: ["bundled:odyssey.txt"]', 'files', /does not name a shipped file/],
  ['text', 'files: [a.csv]\nvalidation: 1', 'validation', /above 0 and below 1; found `1`/],
  ['text', 'files: [a.csv]\ncontext: 4096', 'context', /too short for context 4096/, 'data-too-short'],
  [
    'audio',
    'files: [a.csv]\nclasses: [x, y]\nlength: 16000\nframe: 7',
    'frame',
    /cannot be divided into frames of 7/,
  ],
  [
    'labelled-text',
    'files: [t.jsonl]\nclasses: [x]',
    'classes',
    /a list of texts, at least 2; this list has 1/,
  ],
  ['labelled-text', 'files: [t.jsonl]\nclasses: [x, x]', 'classes', /names x twice/],
  [
    'labelled-text',
    'files: [t.jsonl]\nlabel: q\nclasses: [x, y]',
    'label',
    /:1 has no key q; it has text, label/,
    'data-mismatch',
  ],
  ['labelled-rows', `${table}classes: [x, x, z]`, 'classes', /names x twice/],
  ['labelled-rows', `${table}classes: [x, w]`, 'classes', /row 2 is of the class z/, 'data-mismatch'],
  [
    'labelled-rows',
    'files: [a.csv]\nlabel: q\nlength: 2\nclasses: [x, z]',
    'label',
    /has no column q; it has a, b, y/,
    'data-mismatch',
  ],
  ['time-series', 'files: [a.csv]\ncolumns: [a, a]', 'columns', /names a twice/],
  ['time-series', 'files: [a.csv]\ncolumns: [a]\ncalendar: [hour, hour]', 'calendar', /names hour twice/],
  ['time-series', 'files: [a.csv]\ncolumns: [q]', 'columns', /has no column q/, 'data-mismatch'],
  [
    'text-pairs',
    'files: [a.csv]\nfirst: a\nsecond: b\nlabel: y\nclasses: [z, z]',
    'classes',
    /names z twice/,
  ],
];

describe('wrong options of data', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ssm-data-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  });
  after(() => rmSync(folder, { recursive: true }));

  const errorsOf = async (text: string) => {
    const file = path.join(folder, 'a.ssm.yaml');
    writeFileSync(file, text);
    const { diagnostics } = await resolveFile(file, { trains: false });
    return diagnostics.filter(({ severity }) => severity === 'error');
  };

  for (const [type, options, at, message, code] of rows) {
    it(`of ${type}: ${options.replaceAll('\n', ', ')}`, async () => {
      const text = [
        'data:',
        `  type: ${type}`,
        ...options.split('\n').map((line) => `  ${line}`),
        'model: {d_model: 8, layers: [{mixer: mamba}]}',
        '',
      ].join('\n');
      const errors = await errorsOf(text);
      assert.equal(errors.length, 1, JSON.stringify(errors, null, 1));
      assert.match(errors[0]!.message, message);
      assert.equal(errors[0]!.line, text.split('\n').findIndex((line) => line.includes(`${at}:`)) + 1);
      if (code !== undefined) assert.equal(errors[0]!.code, code);
    });
  }

  it('warns of a calendar without time stamps, unless it is the usual one', async () => {
    const warned = async (calendar: string): Promise<string[]> => {
      const file = path.join(folder, 'a.ssm.yaml');
      const data = `data: {type: time-series, files: [a.csv], columns: [a], context: 2, horizon: 1${calendar}}`;
      writeFileSync(file, `${data}\nmodel: {d_model: 8, layers: [{mixer: mamba}]}\n`);
      const { diagnostics } = await resolveFile(file, { trains: false });
      return diagnostics.filter(({ severity }) => severity === 'warning').map(({ message }) => message);
    };
    assert.match((await warned(', calendar: [month]')).join(), /`calendar` has no effect without `time`/);
    assert.doesNotMatch((await warned('')).join(), /calendar/);
  });

  const model = (...lines: string[]): string =>
    ['data: {type: mqar}', 'model:', '  d_model: 64', ...lines.map((line) => `  ${line}`), ''].join('\n');

  for (const [what, text, message] of [
    [
      'a name from another tool, though another option is near',
      model('layers:', '  - {mixer: attention, num_heads: 4}'),
      /in an attention layer\. Did you mean `heads`\?/,
    ],
    [
      'a pattern that is a number, once',
      model('pattern: 5'),
      /`pattern` must be text or a list of texts; found `5`/,
    ],
    [
      'a kernel longer than any data, at once',
      model('layers:', '  - {mixer: s4, l_max: 1000000000000}'),
      /at most 16777216/,
    ],
  ] as const) {
    it(`says ${what}`, async () => {
      const errors = await errorsOf(text);
      assert.equal(errors.length, 1, JSON.stringify(errors, null, 1));
      assert.match(errors[0]!.message, message);
    });
  }
});
