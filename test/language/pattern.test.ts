/** @file Hybrids by pattern: what they become, what is said about mistakes. */
import * as assert from 'node:assert/strict';
import { buildModel } from '../../src/models';
import { structureOf } from '../../src/language';
import { jsonSchemaOf } from '../../src/language/schema/json-schema';
import { resolve, testLanguage } from './registry';

const config = (model: string): string =>
  `data: prose\nmodel:\n  d_model: 64\n${model}`.replace(
    'data: prose',
    'data: {type: prose, files: [a.txt]}',
  );

const problems = async (model: string) =>
  (await resolve(config(model))).diagnostics.map(
    ({ line, column, endColumn, severity, code, message, suggestion }) => ({
      at: `${line}:${column}-${endColumn}`,
      severity,
      code,
      message,
      suggestion,
    }),
  );

const mixersOf = async (model: string): Promise<string[]> => {
  const { config: resolved, diagnostics } = await resolve(config(model));
  assert.ok(resolved, JSON.stringify(diagnostics));
  return resolved.model.layers.map((layer) => (layer as { mixer: string }).mixer);
};

describe('model.pattern', () => {
  it('becomes one layer per symbol, with every default written out', async () => {
    const { config: resolved } = await resolve(config('  pattern: "M-M*-"'));
    assert.deepEqual(
      resolved!.model.layers.map((layer) => (layer as { mixer: string }).mixer),
      ['mamba2', 'mlp', 'mamba2', 'attention', 'mlp'],
    );
    assert.equal('pattern' in resolved!.model, false);
    const [mamba2, mlp, , attention] = resolved!.model.layers as unknown as Record<string, unknown>[];
    assert.equal(mamba2!['d_state'], 128);
    assert.deepEqual([mlp!['activation'], mlp!['multiple_of'], mlp!['bias']], ['gelu', 1, false]);
    assert.deepEqual([attention!['qkv_proj_bias'], attention!['rotary_emb_dim']], [false, 0]);
    const model = buildModel({
      model: resolved!.model,
      task: resolved!.task,
      data: { length: 8, input: { kind: 'tokens', vocab_size: 256 }, target: { kind: 'next-token' } },
    });
    assert.deepEqual(model.parameters.get('backbone.layers.1.mixer.fc1.weight')!.shape, [256, 64]);
    assert.equal(model.parameters.has('backbone.layers.3.mixer.in_proj.bias'), false);
  });

  it('takes symbols with options, spaces between them, and repeats', async () => {
    const text =
      '  pattern: M- M* -\n  symbols:\n    M: {mixer: mamba, d_state: 4, repeat: 2}\n    "*": {mixer: hydra}';
    assert.deepEqual(await mixersOf(text.replace('hydra', 'attention')), [
      'mamba',
      'mlp',
      'mamba',
      'attention',
      'mlp',
    ]);
    const { analysis } = await resolve(config(text.replace('hydra', 'attention')));
    assert.equal(analysis!.stack.total, 7);
    assert.equal(analysis!.stack.layers[0]!.count, 4);
  });

  it('takes a list of symbols and names of mixers', async () => {
    assert.deepEqual(await mixersOf('  pattern: [M, "-", mamba, glu, "*"]'), [
      'mamba2',
      'mlp',
      'mamba',
      'glu',
      'attention',
    ]);
  });

  it('holds the published 56-layer layout: 24 Mamba-2, 4 attention, 28 MLP', async () => {
    const published = 'M-M-M--M-M*-M-M-M-M--M*-M-M-M-M-M*--M-M-M-M-M*-M--M-M-M-';
    const names = await mixersOf(`  pattern: ${published}`);
    const count = (name: string): number => names.filter((one) => one === name).length;
    assert.deepEqual([names.length, count('mamba2'), count('attention'), count('mlp')], [56, 24, 4, 28]);
    const { analysis } = await resolve(config(`  pattern: ${published}`));
    const { layers, items } = structureOf(analysis!);
    assert.equal(layers, 56);
    assert.deepEqual(
      items.map(({ mixer, count: copies }) => [mixer, copies]),
      [
        ['mamba2', 24],
        ['mlp', 28],
        ['attention', 4],
      ],
    );
    assert.ok(items.every(({ flopsPerToken, parameters }) => flopsPerToken! > 0 && parameters! > 0));
  });

  it('says where a symbol stands for nothing, and what was meant', async () => {
    assert.deepEqual(await problems('  pattern: "M-xM"'), [
      {
        at: '4:15-16',
        severity: 'error',
        code: 'unknown-value',
        message:
          'The symbol `x` stands for no layer: take `M`, `*` or `-`, or say what it is under `symbols`.',
        suggestion: undefined,
      },
    ]);
    const [behind] = await problems('  pattern: "M🐍x"\n  symbols:\n    🐍: {mixer: mamba2}');
    assert.equal(behind!.at, '4:16-17');
    const [wrong] = await problems('  pattern: [M, atention]');
    assert.deepEqual([wrong!.at, wrong!.suggestion], ['4:16-24', 'attention']);
  });

  it('checks the options of a symbol once, where they are written', async () => {
    const found = await problems('  pattern: M-M-M-\n  symbols:\n    M: {mixer: mamba2, headdim: 48}');
    assert.equal(found.length, 1);
    assert.deepEqual(
      [found[0]!.at, found[0]!.code, found[0]!.suggestion],
      ['6:33-35', 'not-divisible', '32'],
    );
    const [unknown] = await problems('  pattern: MM\n  symbols:\n    M: {mixer: mamba, d_stat: 3}');
    assert.deepEqual([unknown!.code, unknown!.suggestion], ['unknown-key', 'd_state']);
    const [mixer] = await problems('  pattern: MM\n  symbols:\n    M: {mixer: mamba3x}');
    assert.equal(mixer!.code, 'unknown-value');
  });

  it('refuses two answers to one question', async () => {
    const [both] = await problems('  pattern: MM\n  layers: [{mixer: mamba}]');
    assert.match(both!.message, /either `layers` or `pattern`/);
    assert.deepEqual([both!.at, both!.code], ['5:3-9', 'invalid-combination']);
    const [none] = await problems('  norm: rms');
    assert.equal(none!.code, 'missing-key');
    const [empty] = await problems('  pattern: ""');
    assert.match(empty!.message, /names no layer/);
  });

  it('names what has no effect', async () => {
    const [unused] = await problems('  pattern: MM\n  symbols:\n    H: {mixer: mamba}');
    assert.deepEqual([unused!.code, unused!.at, unused!.severity], ['no-effect', '6:5-6', 'warning']);
    const [alone] = await problems('  layers: [{mixer: mamba}]\n  symbols:\n    M: {mixer: mamba}');
    assert.deepEqual([alone!.code, alone!.severity], ['no-effect', 'warning']);
  });

  it('warns of attention without positions before any state space layer', async () => {
    const [early] = await problems('  pattern: "-*M"');
    assert.deepEqual([early!.code, early!.at, early!.severity], ['unusual-value', '4:14-15', 'warning']);
    assert.deepEqual(await problems('  pattern: "-M*"'), []);
    assert.deepEqual(
      await problems('  pattern: "*M"\n  symbols:\n    "*": {mixer: attention, rotary_emb_dim: 16}'),
      [],
    );
  });

  it('finds a layer that looks ahead in a language model', async () => {
    const [blind] = await problems('  pattern: MB\n  symbols:\n    B: {mixer: hydra}');
    assert.deepEqual([blind!.code, blind!.at], ['not-causal', '6:16-21']);
  });

  it('is swept and set like other keys', async () => {
    const { config: resolved } = await resolve(config('  pattern: M-'), [
      'model.pattern=M*',
      'model.symbols.M.mixer=mamba',
    ]);
    assert.deepEqual(
      resolved!.model.layers.map((layer) => (layer as { mixer: string }).mixer),
      ['mamba', 'attention'],
    );
  });

  it('is one of two ways in the JSON Schema', () => {
    const schema = jsonSchemaOf(testLanguage) as { else: { properties: { model: unknown } } };
    assert.deepEqual(schema.else.properties.model, {
      required: ['d_model'],
      oneOf: [{ required: ['layers'] }, { required: ['pattern'] }],
    });
    const text = JSON.stringify(schema);
    assert.doesNotMatch(text, /"suggestions"|"keys":\["M"/);
  });
});
