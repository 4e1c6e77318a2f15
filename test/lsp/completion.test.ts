import * as assert from 'node:assert/strict';
import type { CompletionItem } from 'vscode-languageserver-protocol/node';
import { resolve, testLanguage } from '../language/registry';
import { accept, atCursor, plain, TestClient } from './harness';

const top = ['extends', 'data', 'task', 'model', 'train', 'eval', 'seed', 'device', 'sweep'];
const place = ['repeat', 'share', 'beside', 'in_scale', 'out_scale'];
const mamba = [...Object.keys(testLanguage.registry.mixers['mamba']!.options.shape), ...place];
const mixers = Object.keys(testLanguage.registry.mixers);
const item = ['mixer', 'block', 'repeat'];
/** Keys of `model` in the order of the schema, but for those that are written. */
const modelKeys = (...written: string[]): string[] => {
  const type = testLanguage.type.fields.get('model')?.type;
  return type?.kind === 'map' ? [...type.fields.keys()].filter((key) => !written.includes(key)) : [];
};
const head = 'data: recall\nmodel:\n  d_model: 32\n';

/** what, text with ▮, exactly these labels in the order shown */
const cases: [what: string, text: string, labels: string[]][] = [
  [
    'an empty document',
    '▮',
    ['data', 'model', 'extends', 'task', 'train', 'eval', 'seed', 'device', 'sweep'],
  ],
  ['the end of a document', `${head}▮`, top.filter((k) => k !== 'data' && k !== 'model')],
  [
    'a half-typed key',
    'mo▮',
    ['data', 'model', 'extends', 'task', 'train', 'eval', 'seed', 'device', 'sweep'],
  ],
  [
    'a key before its colon',
    'data: recall\nmo▮: {}\n',
    ['model', 'extends', 'task', 'train', 'eval', 'seed', 'device', 'sweep'],
  ],
  ['an empty section', 'model:\n  ▮', modelKeys()],
  ['a section, not what is there', 'model:\n  d_model: 3\n  ▮\n  norm: rms\n', modelKeys('d_model', 'norm')],
  ['an empty value', 'data: ▮', ['recall', 'prose', 'digits']],
  ['a value without a space', 'data:▮', ['recall', 'prose', 'digits']],
  ['a value in the line below', 'data:\n  ▮', ['type']],
  ['a choice', 'model:\n  norm: ▮\n  d_model: 3', ['rms', 'layer', 'batch']],
  ['a half-typed choice', 'model:\n  norm: r▮', ['rms', 'layer', 'batch']],
  ['a quoted choice', 'model:\n  norm: "r▮"', ['rms', 'layer', 'batch']],
  ['a choice behind an open quote', 'model:\n  norm: "r▮\n  d_model: 3\n', ['rms', 'layer', 'batch']],
  ['a switch', 'model:\n  tie_embeddings: ▮', ['true', 'false']],
  ['a number: its default', 'train:\n  batch_size: ▮', ['32']],
  ['auto or a number', `${head}  layers:\n    - mixer: mamba\n      dt_rank: ▮`, ['auto']],
  ['a new layer', `${head}  layers:\n    - ▮`, [...mixers, ...item]],
  ['a new layer without indentation', `${head}  layers:\n  - ▮`, [...mixers, ...item]],
  ['a mixer', `${head}  layers:\n    - mixer: ▮`, mixers],
  ['a mixer already written', `${head}  layers:\n    - mixer: mam▮ba\n      d_state: 3`, mixers],
  ['options of the mixer', `${head}  layers:\n    - mixer: mamba\n      ▮`, mamba],
  [
    'options of the mixer, not what is there',
    `${head}  layers:\n    - mixer: mamba\n      d_state: 3\n      ▮\n      repeat: 2\n`,
    mamba.filter((k) => k !== 'd_state' && k !== 'repeat'),
  ],
  ['options before the mixer', `${head}  layers:\n    - ▮\n      mixer: mamba`, [...mamba]],
  ['options in braces', `${head}  layers:\n    - {mixer: mamba, ▮}`, mamba],
  ['options in open braces', `${head}  layers:\n    - {mixer: mamba, ▮\ntrain:\n  steps: 3\n`, mamba],
  ['options in braces over lines', `${head}  layers: [\n    {mixer: mamba,\n     ▮}\n  ]`, mamba],
  ['a mixer in braces', `${head}  layers:\n    - {mixer: ▮}`, mixers],
  ['a layer in brackets', `${head}  layers: [▮]`, mixers],
  ['a second layer in brackets', `${head}  layers: [{mixer: mamba}, ▮]`, mixers],
  ['a layer in a block', `${head}  layers:\n    - block:\n        - ▮`, [...mixers, ...item]],
  ['a block', `${head}  layers:\n    - block: [{mixer: mamba}]\n      ▮`, ['repeat']],
  ['data options', 'data:\n  type: recall\n  ▮', ['length', 'vocab_size']],
  ['data options in braces', 'data: {type: digits, ▮}', ['tokens']],
  ['a task', 'task: ▮', ['language-model', 'answer', 'classification', 'regression']],
  ['task options', 'task: {type: classification, ▮}', ['pooling']],
  [
    'nested sections',
    'train:\n  optimizer:\n    lr: 1\n    ▮',
    ['name', 'betas', 'weight_decay', 'eps', 'momentum', 'nesterov'],
  ],
  [
    'nested sections in braces',
    'train: {optimizer: {lr: 1, ▮}}',
    ['name', 'betas', 'weight_decay', 'eps', 'momentum', 'nesterov'],
  ],
  ['between broken lines', 'data: [recall\nmodel:\n  d_model: "3\n  norm: {\n  ▮\ntrain:\n  steps: 3\n', []],
  ['below an open bracket', 'data: {type: recall\nmodel:\n  d_model: 3\n  ▮', modelKeys('d_model')],
  ['below a half-typed key', 'model:\n  d_mo\n  ▮', modelKeys()],
  [
    'below a tab',
    'eval:\n\tevery: 3\ntrain:\n  ▮',
    [
      'steps',
      'from',
      'batch_size',
      'accumulate',
      'clip',
      'precision',
      'activation_checkpointing',
      'optimizer',
      'schedule',
      'log_every',
      'probe_every',
      'checkpoint_every',
      'keep',
    ],
  ],
  ['a comment', '# mo▮', []],
  ['a comment behind a value', 'seed: 3 # ▮', []],
  ['behind a finished value', 'data: recall ▮', []],
  ['inside an unknown section', 'modl:\n  ▮', []],
  [
    'the symbols of a pattern',
    `${head}  pattern: M-\n  symbols:\n    M: {mixer: mamba}\n    ▮`,
    ['"*"', '"-"'],
  ],
  ['a symbol', `${head}  symbols:\n    M: ▮`, mixers],
  ['the options of a symbol', `${head}  symbols:\n    M: {mixer: glu, ▮}`, ['activation', 'bias', ...place]],
  ['the device', 'device: ▮', ['auto', 'cpu', 'webgpu', 'cuda', 'directml', 'coreml']],
  [
    'windows line ends',
    'data: recall\r\nmodel:\r\n  d_model: 3\r\n  ▮\r\n  norm: rms\r\n',
    modelKeys('d_model', 'norm'),
  ],
];

const sorted = (items: CompletionItem[]): string[] =>
  [...items]
    .sort((a, b) => ((a.sortText ?? a.label) < (b.sortText ?? b.label) ? -1 : 1))
    .map(({ label }) => label);

describe('completion', () => {
  let client: TestClient;
  before(async () => {
    client = await TestClient.start(undefined, () => testLanguage);
  });
  after(() => client.stop());

  const ask = async (marked: string): Promise<{ text: string; items: CompletionItem[] }> => {
    const { text, position } = atCursor(marked);
    const uri = await client.open(text);
    return { text, items: await client.completion(uri, position) };
  };

  for (const [what, text, labels] of cases) {
    it(`offers what fits in ${what}`, async () => {
      const { items } = await ask(text);
      if (what === 'between broken lines') return; // Whatever is offered there, it must answer.
      assert.deepEqual(sorted(items), labels);
    });
  }

  it('documents every mixer, data set and key', async () => {
    for (const marked of [
      `${head}  layers:\n    - ▮`,
      'data: ▮',
      'train:\n  ▮',
      `${head}  layers: [{mixer: mamba2, ▮}]`,
    ]) {
      const { items } = await ask(marked);
      for (const { label, detail, documentation } of items) {
        assert.ok(detail, label);
        assert.ok(
          documentation && typeof documentation === 'object' && documentation.value.length > 20,
          label,
        );
      }
    }
    const { items } = await ask(`${head}  layers:\n    - mixer: ▮`);
    const first = items.find(({ label }) => label === 'mamba');
    assert.match(first?.detail ?? '', /state space model/);
    assert.match(JSON.stringify(first?.documentation), /arxiv\.org.*2023/);
  });

  it('writes configs without errors, from nothing', async () => {
    let text = '▮';
    const take = async (label: string): Promise<void> => {
      const { text: before, items } = await ask(text);
      const chosen = items.find((candidate) => candidate.label === label);
      assert.ok(chosen, `${label} is offered in:\n${text}`);
      text = accept(before, chosen);
    };
    await take('data');
    assert.equal(text, 'data: ');
    text = `${text}▮`;
    await take('recall');
    text = `${text}\n▮`;
    await take('model');
    assert.equal(text, 'data: recall\nmodel:\n  ');
    text = `${text}▮`;
    await take('d_model');
    text = `${text}32\n  ▮`;
    await take('layers');
    assert.equal(text, 'data: recall\nmodel:\n  d_model: 32\n  layers:\n    - ');
    text = `${text}▮`;
    await take('mamba');
    assert.match(text, / {4}- mixer: mamba\n {6}d_state: 16$/);
    text = `${text}\n      ▮`;
    await take('repeat');
    text = `${text}2\n`;
    const { diagnostics, config } = await resolve(text);
    assert.deepEqual(diagnostics, []);
    assert.ok(config);
  });

  it('writes plain text for clients without snippets', async () => {
    const other = await TestClient.start(plain, () => testLanguage);
    try {
      const { text, position } = atCursor(`${head}  layers:\n    - ▮`);
      const uri = await other.open(text);
      for (const { insertTextFormat, textEdit } of await other.completion(uri, position)) {
        assert.notEqual(insertTextFormat, 2);
        assert.doesNotMatch(JSON.stringify(textEdit), /\$/);
      }
    } finally {
      other.stop();
    }
  });

  it('adds the missing space after a colon', async () => {
    const { text, items } = await ask('data:▮');
    assert.equal(accept(text, items[0] as CompletionItem), 'data: recall');
  });

  it('replaces the word around the cursor', async () => {
    const { text, items } = await ask('model: {norm: lay▮er, d_model: 3}');
    assert.equal(accept(text, items[0] as CompletionItem), 'model: {norm: rms, d_model: 3}');
  });

  it('takes the type of data from the base', async () => {
    const { text, position } = atCursor('extends: base.ssm.yaml\ndata:\n  ▮\n');
    await client.open(
      'data: recall\nmodel: {d_model: 8, layers: [{mixer: mamba}]}',
      'file:///configs/base.ssm.yaml',
    );
    const uri = await client.open(text);
    assert.deepEqual(sorted(await client.completion(uri, position)), ['type', 'length', 'vocab_size']);
  });

  it('follows merge keys', async () => {
    const { items } = await ask(
      `${head}  layers:\n    - &a {mixer: attention, heads: 4}\n    - <<: *a\n      ▮`,
    );
    assert.ok(items.some(({ label }) => label === 'head_dim'));
    assert.ok(items.every(({ label }) => label !== 'heads'));
  });

  it('offers sweep paths, written ones first', async () => {
    const { items } = await ask(`${head}  layers: [{mixer: mamba, d_state: 4}]\nsweep:\n  ▮`);
    const labels = sorted(items);
    assert.ok(labels.indexOf('model.layers.0.d_state') >= 0);
    assert.ok(labels.indexOf('model.layers.0.d_state') < labels.indexOf('train.optimizer.lr'));
    assert.ok(labels.includes('model.layers.0.mixer'));
  });

  it('answers in long files as in short ones', async () => {
    const layers = '    - mixer: mamba\n      d_state: 16\n      expand: 2\n'.repeat(300);
    const { items } = await ask(`${head}  layers:\n${layers}    - mixer: attention\n      ▮\n${layers}`);
    assert.ok(items.some(({ label }) => label === 'num_heads_kv'));
    const top = await ask(`${head}  layers:\n${layers}train:\n  ▮\n`);
    assert.ok(top.items.some(({ label }) => label === 'steps'));
  });
});
