/** @file Warnings for what runs but is probably wrong, and that ordinary configs get none. */
import * as assert from 'node:assert/strict';
import * as os from 'node:os';
import * as z from 'zod';
import { defineData } from '../../src/data/define';
import { createLanguage } from '../../src/language/language';
import { memoryEstimate } from '../../src/language/model/memory';
import { resolveTextWith } from '../../src/language/resolve';
import { structureOf } from '../../src/language/model/structure';
import { mixers } from '../../src/layers';
import { memoryReader } from '../config/memory';
import { resolve } from './registry';

const warned = async (text: string): Promise<string[]> =>
  (await resolve(text)).diagnostics.map(({ severity, code, line }) => `${severity} ${code} ${line}`);

const config = (data: string, layers: string, rest = ''): string =>
  `data: ${data}\nmodel:\n  d_model: 32\n  layers: [${layers}]\n${rest}`;

describe('advice', () => {
  it('is silent about ordinary configs', async () => {
    assert.deepEqual(await warned(config('recall', '{mixer: mamba}')), []);
    assert.deepEqual(
      await warned(config('{type: recall, length: 4096}', '{mixer: mamba2, headdim: 16}, {mixer: mlp}')),
      [],
    );
  });

  it('compares the step sizes with the length', async () => {
    const long = '{type: recall, length: 100000}';
    const one = 'train: {batch_size: 1}\n';
    assert.deepEqual(await warned(config(long, '{mixer: mamba, dt_min: 0.001}', one)), [
      'warning step-size-range 4',
    ]);
    const { diagnostics } = await resolve(config(long, '{mixer: mamba, dt_min: 0.001}', one));
    assert.equal(diagnostics[0]?.suggestion, '1e-5');
    assert.deepEqual(await warned(config(long, '{mixer: mamba, dt_min: 1e-5}', one)), []);
    const short = config(
      '{type: recall, length: 4}',
      '{mixer: mamba, d_state: 2, dt_min: 1e-5, dt_max: 1e-4}',
    );
    assert.deepEqual(await warned(short), ['warning step-size-range 4']);
  });

  it('names learning rates far outside the usual', async () => {
    const rate = (lr: string, layer: string): string =>
      config('recall', layer, `train: {optimizer: {lr: ${lr}}}\n`);
    assert.deepEqual(await warned(rate('0.05', '{mixer: mamba}')), ['warning unusual-value 5']);
    assert.deepEqual(await warned(rate('0.05', '{mixer: attention}')), []);
    assert.deepEqual(await warned(rate('1e-8', '{mixer: mamba}')), ['warning unusual-value 5']);
    assert.deepEqual(await warned(rate('0.5', '{mixer: mamba}')), ['warning unusual-value 5']);
  });

  it('misses a layer that connects positions', async () => {
    assert.deepEqual(await warned(config('recall', '{mixer: mlp}')), ['warning context-unused 4']);
    assert.deepEqual(await warned(config('digits', '{mixer: mlp}')), [], 'the classifier pools');
  });

  it('compares the state with the pairs to recall', async () => {
    const pairs = defineData({
      name: 'pairs',
      title: 'Pairs',
      summary: 'Pairs.',
      description: 'Pairs.',
      options: z.strictObject({ num_kv_pairs: z.int().default(32).describe('Pairs.') }),
      check: () => [],
      open: () => Promise.reject(new Error('not in this test')),
      shape: () => ({
        length: 128,
        input: { kind: 'tokens', vocab_size: 64 },
        target: { kind: 'answer', positions: 1 },
      }),
    });
    const language = createLanguage({ mixers, datasets: { pairs } });
    const codes = async (layers: string): Promise<string[]> => {
      const reader = { ...memoryReader({}), toDisk: (file: string) => file };
      const { diagnostics } = await resolveTextWith(
        language,
        config('pairs', layers),
        '/c/a.ssm.yaml',
        reader,
      );
      return diagnostics.map(({ code, suggestion }) => `${code} ${suggestion}`);
    };
    assert.deepEqual(await codes('{mixer: mamba, d_state: 16}'), ['small-state 32']);
    assert.deepEqual(await codes('{mixer: mamba, d_state: 32}'), []);
    assert.deepEqual(await codes('{mixer: mamba, d_state: 16}, {mixer: attention}'), []);
  });

  it('estimates memory, and warns with a batch that fits', async () => {
    const text = (batch: number): string =>
      config('{type: recall, length: 4096}', '{mixer: mamba, repeat: 8}', `train: {batch_size: ${batch}}\n`);
    const estimated = async (batch: number): Promise<number> => {
      const { analysis } = await resolve(text(batch));
      return (analysis && memoryEstimate(analysis))?.total ?? Number.NaN;
    };
    let huge = 1;
    while ((await estimated(huge)) < os.totalmem()) huge *= 2;
    const { diagnostics } = await resolve(text(huge));
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['memory'],
    );
    const fits = Number(diagnostics[0]?.suggestion);
    assert.ok(fits < huge && (await estimated(fits)) < os.totalmem());
    assert.match(diagnostics[0]?.severity ?? '', /^(warning|error)$/);
    const absurd = await resolve(text(1e9));
    assert.deepEqual(
      absurd.diagnostics.map(({ code, severity }) => [code, severity]),
      [['memory', 'error']],
    );
  });

  it('says that one sequence is too long where the length is, not the width', async () => {
    const text = config('{type: recall, length: 100000000}', '{mixer: mamba}', 'train: {batch_size: 1}\n');
    const { diagnostics } = await resolve(text);
    const found = diagnostics.filter(({ code }) => code === 'memory');
    assert.deepEqual(
      found.map(({ line, column }) => text.split('\n')[line - 1]!.slice(column - 1, column + 8)),
      ['100000000'],
    );
    assert.match(found[0]!.message, /one sequence of 100000000 steps alone about/);
    // Where the parameters are what does not fit, the width is said.
    const wide = await resolve(text.replace('d_model: 32', 'd_model: 4000000').replace('100000000', '64'));
    const [widest] = wide.diagnostics.filter(({ code }) => code === 'memory');
    assert.match(widest!.message, /the parameters and one sequence alone/);
  });

  it('counts the states that a scan keeps', async () => {
    const wide = await resolve(config('{type: recall, length: 64}', '{mixer: mamba, d_state: 100000000}'));
    assert.deepEqual(
      wide.diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code),
      ['memory'],
    );
  });
});

describe('model structure', () => {
  it('follows blocks and repeats, with the numbers of one copy', async () => {
    const { analysis } = await resolve(
      config('recall', '{repeat: 2, block: [{mixer: mamba}, {mixer: mlp}]}, {mixer: attention, heads: 4}'),
    );
    assert.ok(analysis);
    const structure = structureOf(analysis);
    assert.deepEqual([structure.layers, structure.length, structure.width], [5, 64, 32]);
    const [block, attention] = structure.items;
    assert.deepEqual(
      block?.children?.map(({ mixer, index, count }) => [mixer, index, count]),
      [
        ['mamba', 0, 2],
        ['mlp', 1, 2],
      ],
    );
    assert.deepEqual([attention?.index, attention?.count], [4, 1]);
    const inside = 2 * (block?.children ?? []).reduce((sum, one) => sum + (one.parameters ?? 0), 0);
    const norms = 6 * 32;
    const embedding = 16 * 32;
    assert.equal(structure.parameters, inside + (attention?.parameters ?? 0) + norms + embedding);
  });
});

describe('the memory of layers', () => {
  it('is told of the mixers that step, by their own decays', async () => {
    const warned = async (layer: string): Promise<string[]> => {
      const text = `data: {type: digits, tokens: pixels}\nmodel: {d_model: 64, layers: [{${layer}}]}`;
      return (await resolve(text)).diagnostics.map(({ message }) => message);
    };
    const steps = 'dt_min: 0.5, dt_max: 1';
    assert.match((await warned(`mixer: hydra, ${steps}`))[0]!, /forgets within about 2 tokens/);
    assert.match((await warned(`mixer: matrix-mixer, ${steps}`))[0]!, /forgets within about 2 tokens/);
    assert.deepEqual(await warned(`mixer: matrix-mixer, matrix_mixer_type: toeplitz, ${steps}`), []);
  });
});
