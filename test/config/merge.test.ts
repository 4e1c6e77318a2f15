import * as assert from 'node:assert/strict';
import {
  applySettings,
  combine,
  loadChain,
  parseConfig,
  toPlain,
  type Diagnostic,
  type Rules,
} from '../../src/config';
import { memoryReader } from './memory';

const variants: Record<string, string[]> = {
  mamba: ['mixer', 'repeat', 'd_state'],
  attention: ['mixer', 'repeat', 'heads'],
  text: ['type', 'files'],
  copying: ['type', 'length'],
};
const known = (value: string) => (variants[value] ? new Set(variants[value]) : undefined);
const rules: Rules = {
  discriminator: (path) => {
    if (path.length === 1 && path[0] === 'data') return { key: 'type', shortForm: true, known };
    if (path[0] === 'model' && typeof path.at(-1) === 'number')
      return { key: 'mixer', shortForm: false, known };
    return undefined;
  },
};

async function load(files: Record<string, string>, settings: string[] = []) {
  const chain = await loadChain(parseConfig('/c/a.yaml', files['/c/a.yaml'] ?? ''), {
    reader: memoryReader(files),
  });
  const merged = combine(chain.parts, rules);
  const set = applySettings(merged.root, settings, rules);
  return {
    value: toPlain(set.root),
    diagnostics: [...chain.diagnostics, ...merged.diagnostics, ...set.diagnostics] as Diagnostic[],
  };
}

describe('extends', () => {
  it('merges mappings deeply, replaces lists and scalars, removes by null, over several levels', async () => {
    const { value, diagnostics } = await load({
      '/c/a.yaml': 'extends: ./sub/b.yaml\nx: {p: 2, q: null}\nlist: [9]',
      '/c/sub/b.yaml': 'extends: ../base.yaml\nx: {r: 5}',
      '/c/base.yaml': 'x: {p: 1, q: 1}\nlist: [1, 2]\nkept: yes',
    });
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(value, { x: { p: 2, r: 5 }, list: [9], kept: 'yes' });
  });

  it('leaves the base alone where a section is still empty', async () => {
    const { value } = await load({
      '/c/a.yaml': 'extends: b.yaml\ntrain:\n',
      '/c/b.yaml': 'train: {steps: 3}',
    });
    assert.deepEqual(value, { train: { steps: 3 } });
  });

  it('reports a missing base at its line', async () => {
    const { diagnostics } = await load({ '/c/a.yaml': 'x: 1\nextends: ./nowhere.yaml' });
    assert.equal(diagnostics[0]?.code, 'extends-missing');
    assert.deepEqual([diagnostics[0].line, diagnostics[0].column], [2, 10]);
    assert.match(diagnostics[0].message, /no such file/);
  });

  it('reports a circle where it closes', async () => {
    const { diagnostics } = await load({
      '/c/a.yaml': 'extends: b.yaml',
      '/c/b.yaml': 'y: 1\nextends: a.yaml',
    });
    assert.deepEqual(
      diagnostics.map((d) => [d.code, d.file, d.line]),
      [['extends-cycle', '/c/b.yaml', 2]],
    );
    assert.match(diagnostics[0]?.message ?? '', /a\.yaml → b\.yaml → a\.yaml/);
  });

  it('takes a preset before a file and suggests the nearest', async () => {
    const presets = new Map([['mamba-130m', 'x: 1']]);
    const options = { reader: memoryReader({}), presets };
    const good = await loadChain(parseConfig('/c/a.yaml', 'extends: mamba-130m'), options);
    assert.deepEqual(toPlain(combine(good.parts, rules).root), { x: 1 });
    const bad = await loadChain(parseConfig('/c/a.yaml', 'extends: mamba-130'), options);
    assert.equal(bad.diagnostics[0]?.suggestion, 'mamba-130m');
  });

  it('drops and names the options that a changed discriminator does not know', async () => {
    const { value, diagnostics } = await load({
      '/c/a.yaml': 'extends: b.yaml\ndata: text',
      '/c/b.yaml': 'data: {type: copying, length: 5}',
    });
    assert.deepEqual(value, { data: { type: 'text' } });
    assert.deepEqual(
      diagnostics.map((d) => [d.code, d.severity, d.file, d.line]),
      [['dropped-option', 'information', '/c/a.yaml', 2]],
    );
    assert.match(diagnostics[0]?.message ?? '', /`length`/);
    assert.equal(diagnostics[0]?.related?.[0]?.file, '/c/b.yaml');
  });

  it('merges into the short form', async () => {
    const { value } = await load({
      '/c/a.yaml': 'extends: b.yaml\ndata: {length: 7}',
      '/c/b.yaml': 'data: copying',
    });
    assert.deepEqual(value, { data: { type: 'copying', length: 7 } });
  });
});

describe('--set', () => {
  const base = {
    '/c/a.yaml': 'data: copying\nmodel:\n  layers:\n    - {mixer: mamba, d_state: 4, repeat: 2}\n',
  };

  it('sets written items, new keys and whole sections; VALUE is YAML', async () => {
    const { value, diagnostics } = await load(base, [
      'model.layers.0.d_state=8',
      'train.optimizer.betas=[0.9, 0.99]',
      'data.length=64',
    ]);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(value, {
      data: { type: 'copying', length: 64 },
      model: { layers: [{ mixer: 'mamba', d_state: 8, repeat: 2 }] },
      train: { optimizer: { betas: [0.9, 0.99] } },
    });
  });

  it('drops what a new mixer does not know', async () => {
    const { value, diagnostics } = await load(base, [
      'model.layers.0.mixer=attention',
      'model.layers.0.heads=2',
    ]);
    assert.deepEqual(value, {
      data: { type: 'copying' },
      model: { layers: [{ mixer: 'attention', heads: 2, repeat: 2 }] },
    });
    assert.deepEqual(
      diagnostics.map((d) => [d.code, d.file]),
      [['dropped-option', '--set']],
    );
  });

  it('removes by null', async () => {
    const { value } = await load(base, ['model.layers.0.d_state=null', 'model.layers.0.repeat=null']);
    assert.deepEqual(value, { data: { type: 'copying' }, model: { layers: [{ mixer: 'mamba' }] } });
  });

  for (const [setting, code] of [
    ['steps', 'bad-setting'],
    ['a..b=1', 'bad-setting'],
    ['model.layers.3.d_state=1', 'bad-path'],
    ['model.layers.x.d_state=1', 'bad-path'],
    ['data.type.x=1', 'bad-path'],
    ['train.steps=[', 'yaml-syntax'],
  ] as const) {
    it(`reports ${setting}`, async () => {
      const { diagnostics } = await load(base, [setting]);
      assert.equal(diagnostics[0]?.code, code);
      assert.equal(diagnostics[0].file, '--set');
    });
  }
});
