import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { resolve } from './registry';

const base = 'data: recall\nmodel:\n  d_model: 32\n  layers:\n    - {mixer: mamba, repeat: 2}\n';

describe('resolve', () => {
  it('makes every default explicit', async () => {
    const { config } = await resolve(base);
    assert.deepEqual(config?.data, { type: 'recall', length: 64, vocab_size: 16 });
    assert.deepEqual(config.task, { type: 'answer' });
    assert.deepEqual(config.train.optimizer, {
      name: 'adamw',
      lr: 1e-3,
      betas: [0.9, 0.95],
      weight_decay: 0.1,
      eps: 1e-8,
      momentum: 0.9,
      nesterov: false,
    });
    assert.equal(config.device, 'auto');
    assert.equal(config.seed, 0);
    const [layer] = config.model.layers as readonly { [key: string]: unknown }[];
    assert.equal(layer?.['d_state'], 16);
    assert.equal(layer['repeat'], 2);
  });

  it('takes the task from the data and unties heads that have nothing to tie', async () => {
    const { config } = await resolve('data: digits\nmodel: {d_model: 8, layers: [{mixer: mamba}]}');
    assert.deepEqual(config?.task, { type: 'classification', pooling: 'mean' });
    assert.equal(config.model.tie_embeddings, false);
  });

  it('decays with AdamW only, unless asked, and says which constants an optimiser has not', async () => {
    const sgd = await resolve(`${base}train: {optimizer: {name: sgd, lr: 0.01, betas: [0.8, 0.9]}}`);
    assert.equal(sgd.config?.train.optimizer.weight_decay, 0);
    assert.deepEqual(
      sgd.diagnostics.map(({ code, severity }) => [code, severity]),
      [['no-effect', 'warning']],
    );
    assert.match(
      sgd.diagnostics[0]!.message,
      /`betas` has no effect with `sgd`; it belongs to adamw and adam/,
    );
    const decayed = await resolve(`${base}train: {optimizer: {name: sgd, weight_decay: 0.1}}`);
    assert.equal(decayed.config?.train.optimizer.weight_decay, 0.1);
  });

  it('accepts the short form of a task', async () => {
    const { config } = await resolve(
      'data: digits\ntask: classification\nmodel: {d_model: 8, layers: [{mixer: mamba}]}',
    );
    assert.deepEqual(config?.task, { type: 'classification', pooling: 'mean' });
  });

  it('gives a text that loads to the same config without a word', async () => {
    const mixer = fc.oneof(
      fc.record({
        mixer: fc.constant('mamba'),
        d_state: fc.integer({ min: 1, max: 64 }),
        bias: fc.boolean(),
      }),
      fc.record({ mixer: fc.constant('mamba2'), headdim: fc.constantFrom(16, 32) }),
      fc.record({ mixer: fc.constant('attention'), heads: fc.constantFrom(1, 2, 4), causal: fc.boolean() }),
    );
    const layer = fc.oneof(
      mixer,
      fc.record({
        block: fc.array(mixer, { minLength: 1, maxLength: 2 }),
        repeat: fc.integer({ min: 1, max: 3 }),
      }),
    );
    const config = fc.record({
      data: fc.constantFrom<unknown>(
        'recall',
        'digits',
        { type: 'digits', tokens: 'pixels' },
        { type: 'recall', length: 32 },
      ),
      model: fc.record({
        d_model: fc.constantFrom(32, 64),
        layers: fc.array(layer, { minLength: 1, maxLength: 3 }),
      }),
      train: fc.record({
        steps: fc.integer({ min: 1, max: 1e6 }),
        optimizer: fc.record({
          // Rates that nobody warns of.
          lr: fc.double({ min: 1e-5, max: 0.01, noNaN: true }),
          eps: fc.constantFrom(1e-8, 1e-12),
        }),
      }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    });
    await fc.assert(
      fc.asyncProperty(config, async (value) => {
        const first = await resolve(JSON.stringify(value));
        assert.deepEqual(first.diagnostics, []);
        const again = await resolve(first.text ?? '');
        assert.deepEqual(again.diagnostics, []);
        assert.deepEqual(again.config, first.config);
        assert.equal(again.text, first.text);
      }),
      { numRuns: 60 },
    );
  }).timeout(30_000);

  it('makes file names absolute from the folder of the file that writes them', async () => {
    const files = {
      '/c/lib/base.ssm.yaml': 'data: {type: prose, files: [data/*.txt, /abs/x.txt], tokenizer: bytes}',
    };
    const text = 'extends: lib/base.ssm.yaml\nmodel: {d_model: 8, layers: [{mixer: mamba}]}\n';
    const { config } = await resolve(text, [], files);
    assert.deepEqual(config?.data['files'], ['/c/lib/data/*.txt', '/abs/x.txt']);
    assert.equal(config.data['tokenizer'], 'bytes');
    const set = await resolve(text, ['data.files=[mine.txt]', 'data.tokenizer=tok.json'], files);
    assert.deepEqual(set.config?.data['files'], ['/c/mine.txt']);
    assert.equal(set.config?.data['tokenizer'], '/c/tok.json');
  });

  it('reports what is wrong in a base in the base', async () => {
    const { diagnostics } = await resolve('extends: base.ssm.yaml\nseed: 1\n', [], {
      '/c/base.ssm.yaml': base.replace('repeat', 'repeet'),
    });
    assert.deepEqual(
      diagnostics.map((d) => [d.file, d.line, d.code]),
      [['/c/base.ssm.yaml', 5, 'unknown-key']],
    );
  });

  it('checks settings like files', async () => {
    const { diagnostics } = await resolve(base, ['train.stepz=3', 'model.layers.0.d_state=many']);
    assert.deepEqual(
      diagnostics.map((d) => [d.file, d.column, d.code, d.suggestion]),
      [
        ['--set', 24, 'wrong-type', undefined],
        ['--set', 7, 'unknown-key', 'steps'],
      ].sort((a, b) => Number(a[1]) - Number(b[1])),
    );
  });

  it('gives the axes of a sweep', async () => {
    const { sweep, config } = await resolve(`${base}sweep:\n  model.layers.0.mixer: [mamba, attention]\n`);
    assert.ok(config);
    assert.deepEqual(sweep, [{ path: ['model', 'layers', 0, 'mixer'], values: ['mamba', 'attention'] }]);
    assert.equal('sweep' in config, false);
  });
});
