import * as assert from 'node:assert/strict';
import { mixers } from '../../src/layers';
import { resolve } from './registry';

const stack = (layers: string, rest = ''): string =>
  `data: recall\nmodel:\n  d_model: 64\n  layers: ${layers}\n${rest}`;

/** text with the expected range between ⟦ and ⟧ → text, line, columns */
function marked(text: string): { text: string; line: number; column: number; endColumn: number } {
  const start = text.indexOf('⟦');
  const end = text.indexOf('⟧') - 1;
  const before = text.slice(0, start);
  const line = before.split('\n').length;
  const column = start - (before.lastIndexOf('\n') + 1) + 1;
  return { text: text.replace(/[⟦⟧]/g, ''), line, column, endColumn: column + (end - start) };
}

const cases: [what: string, text: string, code: string, message: RegExp, suggestion?: string][] = [
  [
    'an unknown key',
    stack('[{mixer: mamba, ⟦d_stat⟧: 4}]'),
    'unknown-key',
    /a mamba layer\. Did you mean `d_state`/,
    'd_state',
  ],
  ['a key of another mixer', stack('[{mixer: mamba, ⟦headdim⟧: 4}]'), 'unknown-key', /option of mamba2/],
  [
    'a key of another section',
    stack('[{mixer: mamba}]', 'train: {⟦lr⟧: 1}'),
    'unknown-key',
    /belongs in `train\.optimizer`/,
  ],
  [
    'a key that no section has, deep in one',
    stack('[{mixer: mamba}]', 'train: {optimizer: {⟦size⟧: 1}}'),
    'unknown-key',
    /Unknown key `size` in `train\.optimizer`\. It takes `name`, /,
  ],
  ['a foreign name', stack('[{mixer: attention, ⟦n_heads⟧: 4}]'), 'unknown-key', /`heads`/, 'heads'],
  ['an unknown mixer', stack('[{mixer: ⟦mambo⟧}]'), 'unknown-value', /not a mixer.*`mamba`/, 'mamba'],
  [
    'an unknown data set',
    `data: ⟦recal⟧\nmodel: {d_model: 8, layers: [{mixer: mamba}]}`,
    'unknown-value',
    /not a data set/,
    'recall',
  ],
  [
    'a word in another case',
    stack('[{mixer: mamba}]', '  norm: ⟦RMS⟧'),
    'unknown-value',
    /one of `rms`, `layer` or `batch`/,
    'rms',
  ],
  [
    'underscores in numbers',
    stack('[{mixer: mamba}]', 'train: {steps: ⟦1_000⟧}'),
    'wrong-type',
    /reads this as text: write `1000`/,
    '1000',
  ],
  ['quoted numbers', stack('[{mixer: mamba, d_state: ⟦"16"⟧}]'), 'wrong-type', /Quotes make it text/, '16'],
  ['text for a switch', stack('[{mixer: mamba, bias: ⟦no⟧}]'), 'wrong-type', /`true` or `false`/, 'false'],
  [
    'a fraction for a count',
    stack('[{mixer: mamba, d_state: ⟦15.7⟧}]'),
    'out-of-range',
    /positive whole number; found `15\.7`/,
    '16',
  ],
  ['a number out of range', stack('[{mixer: mamba, d_state: ⟦0⟧}]'), 'out-of-range', /positive whole number/],
  [
    'a word where auto is known',
    stack('[{mixer: mamba, dt_rank: ⟦large⟧}]'),
    'wrong-type',
    /`auto` or a positive whole number/,
  ],
  [
    'a word for a section',
    stack('[{mixer: mamba}]', 'train: {schedule: ⟦cosine⟧}'),
    'wrong-type',
    /mapping/,
    '{name: cosine}',
  ],
  [
    'a text for a list',
    `data: {type: prose, files: ⟦a.txt⟧}\nmodel: {d_model: 8, layers: [{mixer: mamba}]}`,
    'wrong-type',
    /list/,
    '[a.txt]',
  ],
  [
    'a short list',
    stack('[{mixer: mamba}]', 'train: {optimizer: {betas: ⟦[0.9]⟧}}'),
    'wrong-length',
    /1 of 2/,
  ],
  ['an empty stack', stack('⟦[]⟧'), 'wrong-length', /at least one/],
  [
    'an empty value',
    'data: recall\nmodel:\n  ⟦d_model⟧:\n  layers: [{mixer: mamba}]',
    'empty-value',
    /positive whole number/,
  ],
  [
    'a missing key',
    'data: recall\n⟦model⟧:\n  layers: [{mixer: mamba}]',
    'missing-key',
    /`model` needs `d_model`/,
  ],
  ['a missing mixer', stack('[{⟦d_state⟧: 3}]'), 'missing-key', /needs `mixer`/],
  ['a missing section', '⟦data⟧: recall', 'missing-key', /needs `model`/],
  ['a layer that is no mapping', stack('[⟦mamba⟧]'), 'wrong-type', /mapping with `mixer:`/, '{mixer: mamba}'],
  [
    'a fault in a block',
    stack('[{block: [{mixer: mamba, ⟦x⟧: 1}], repeat: 2}]'),
    'unknown-key',
    /mamba layer/,
  ],
  [
    'a layer rule at its value',
    stack('[{mixer: attention, heads: ⟦7⟧}]'),
    'not-divisible',
    /divide d_model/,
    '8',
  ],
  ['a layer rule on a default', stack('[{mixer: mamba2, d_ssm: ⟦48⟧}]'), 'not-divisible', /headdim/],
  [
    'a data rule',
    'data: {type: recall, length: ⟦7⟧}\nmodel: {d_model: 8, layers: [{mixer: mamba}]}',
    'invalid-combination',
    /even/,
    '8',
  ],
  [
    'a task that does not fit',
    stack('[{mixer: mamba}]', 'task: ⟦language-model⟧'),
    'task-mismatch',
    /does not fit/,
  ],
  [
    'a layer that looks ahead',
    'data: {type: prose, files: [a]}\nmodel: {d_model: 8, layers: [{mixer: attention, heads: 2, causal: ⟦false⟧}]}',
    'not-causal',
    /later tokens/,
    'true',
  ],
  [
    'a vocabulary below the data',
    stack('[{mixer: mamba}]', '  vocab_size: ⟦8⟧'),
    'vocab-too-small',
    /at least 16/,
    '16',
  ],
  [
    'an endless warm-up',
    stack('[{mixer: mamba}]', 'train: {steps: 50, schedule: {warmup: ⟦50⟧}}'),
    'warmup-too-long',
    /never ends/,
    '5',
  ],
  [
    'min_lr above lr',
    stack('[{mixer: mamba}]', 'train: {schedule: {name: cosine, min_lr: ⟦1⟧}}'),
    'invalid-combination',
    /above `lr`/,
  ],
  ['too many layers', stack('⟦[{mixer: mlp, repeat: 1000000000}]⟧'), 'out-of-range', /at most 10000/],
  [
    'a sweep over nothing',
    stack('[{mixer: mamba}]', 'sweep: {train.optimizer.⟦lrr⟧: [1]}'),
    'unknown-key',
    /`lr`/,
    'lr',
  ],
  [
    'a wrong value in a sweep',
    stack('[{mixer: mamba}]', 'sweep: {model.layers.0.d_state: [1, ⟦x⟧]}'),
    'wrong-type',
    /whole number/,
  ],
  [
    'a sweep path outside the stack',
    stack('[{mixer: mamba}]', 'sweep: {⟦model.layers.2.d_state⟧: [1]}'),
    'bad-path',
    /from 0 to 0/,
  ],
  [
    'YAML that is not',
    stack('[{mixer: mamba}', 'train⟦:⟧ {steps: 5}').replace('⟦', '').replace('⟧', '') + '⟦⟧',
    'yaml-syntax',
    /bracket/,
  ],
];

describe('diagnostics', () => {
  for (const [what, text, code, message, suggestion] of cases) {
    it(`reports ${what}`, async () => {
      const wanted = marked(text);
      const { diagnostics, config } = await resolve(wanted.text);
      const errors = diagnostics.filter((d) => d.severity === 'error');
      const [first] = errors;
      assert.equal(errors.length, 1, JSON.stringify(errors, null, 1));
      assert.equal(first?.code, code);
      assert.match(first.message, message);
      assert.equal(config, undefined);
      if (code === 'yaml-syntax') return;
      assert.deepEqual(
        [first.line, first.column, first.endColumn],
        [wanted.line, wanted.column, wanted.endColumn],
      );
      assert.equal(first.suggestion, suggestion);
    });
  }

  it('never shows the sentences of the schema library', async () => {
    for (const [, text] of cases) {
      const { diagnostics } = await resolve(marked(text).text);
      for (const { message } of diagnostics)
        assert.doesNotMatch(message, /Invalid|expected \w+, received|Unrecognized|Too (small|big)/);
    }
  });

  it('repairs by its suggestion', async () => {
    for (const [what, text, , , suggestion] of cases) {
      if (suggestion === undefined) continue;
      const { text: source } = marked(text);
      const { diagnostics } = await resolve(source);
      const fix = diagnostics.find((d) => d.severity === 'error')?.fix;
      assert.ok(fix, what);
      const repaired = source.slice(0, fix.start) + fix.text + source.slice(fix.end);
      const after = await resolve(repaired);
      assert.deepEqual(
        after.diagnostics.filter((d) => d.severity === 'error'),
        [],
        `${what}: ${repaired}`,
      );
    }
  });

  for (const [what, text] of [
    ['a missing section', 'data: recall\n'],
    ['a missing section in the middle', 'seed: 1 # one\nmodel: {d_model: 8, layers: [{mixer: mlp}]}\n'],
    ['a missing key', 'data: recall\nmodel:\n  layers:\n    - mixer: mamba\n'],
    ['a missing key in braces', 'data: recall\nmodel: {layers: [{mixer: mamba}]}\n'],
    ['a missing list', 'data: recall\nmodel:\n  d_model: 8 # small\ntrain: {steps: 3}\n'],
    [
      'a list without its dash',
      'data: recall\nmodel:\n  d_model: 8\n  layers:\n    mixer: mamba\n    d_state: 4\n',
    ],
    ['a list without its brackets', 'data: recall\nmodel: {d_model: 8, layers: {mixer: mamba}}\n'],
    ['an infinity', 'data: recall\nmodel: {d_model: 32, layers: [{mixer: mamba2, dt_limit: [0, .inf]}]}\n'],
  ] as const) {
    it(`repairs ${what}`, async () => {
      const { diagnostics } = await resolve(text);
      const fix = diagnostics.find((d) => d.severity === 'error')?.fix;
      assert.ok(fix, JSON.stringify(diagnostics));
      const repaired = text.slice(0, fix.start) + fix.text + text.slice(fix.end);
      const left = (await resolve(repaired)).diagnostics.filter((d) => d.severity === 'error');
      assert.deepEqual(left, [], repaired);
      assert.doesNotMatch(repaired, / \n/);
      for (const comment of text.match(/#.*/g) ?? []) assert.ok(repaired.includes(comment));
    });
  }

  it('adds a missing option that a rule asks for', async () => {
    const text =
      'data: recall\nmodel:\n  d_model: 30\n  layers:\n    - mixer: mamba2 # heads\n      expand: 2 # wide\n';
    const { diagnostics } = await resolve(text);
    const fix = diagnostics[0]?.fix;
    assert.ok(fix);
    const repaired = text.slice(0, fix.start) + fix.text + text.slice(fix.end);
    assert.match(repaired, /expand: 2 # wide\n {6}headdim: \d+\n/);
    assert.deepEqual((await resolve(repaired)).diagnostics, []);
  });

  it('names every layer with the article that it is spoken with', async () => {
    const named = Object.keys(mixers).map(async (mixer) => {
      const { diagnostics } = await resolve(stack(`[{mixer: ${mixer}, qqqqqqqq: 1}]`));
      return /in (an? \S+) layer/.exec(diagnostics.map(({ message }) => message).join('\n'))?.[1];
    });
    assert.deepEqual((await Promise.all(named)).toSorted(), [
      'a dss',
      'a gated-mlp',
      'a glu',
      'a hydra',
      'a long-conv',
      'a mamba',
      'a mamba2',
      'a mamba3',
      'a matrix-mixer',
      'a spacetime',
      'a zamba',
      'an attention',
      'an h3',
      'an mlp',
      'an moe',
      'an s4',
      'an s4d',
      'an sma',
    ]);
  });

  it('warns of what has no effect', async () => {
    const { diagnostics, config } = await resolve(
      'data: digits\nmodel: {d_model: 8, layers: [{mixer: mamba}], tie_embeddings: true}\n',
    );
    assert.ok(config);
    assert.deepEqual(
      diagnostics.map((d) => [d.severity, d.code]),
      [['warning', 'no-effect']],
    );
  });

  it('says softly that an empty section means its defaults', async () => {
    const { diagnostics, config } = await resolve(stack('[{mixer: mamba}]', 'train:\n'));
    assert.equal(config?.train.steps, 1000);
    assert.deepEqual(
      diagnostics.map((d) => [d.severity, d.code]),
      [['information', 'empty-value']],
    );
  });

  it('leaves out what only follows from broken YAML', async () => {
    const { diagnostics } = await resolve('data: recall\nmodel:\n  d_model: 8\n  layers: [{mixer: mamba\n');
    assert.ok(diagnostics.length > 0);
    assert.ok(diagnostics.every((d) => d.code === 'yaml-syntax'));
  });
});
