import * as assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { formatJson, formatText, resolveFile } from '../../src/language';

const examples = path.resolve(__dirname, '../../examples');

describe('resolveFile', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ssm-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const config = (files: string, rest = ''): string =>
    `data:\n  type: text\n  context: 16\n  files: ${files}\nmodel: {d_model: 8, layers: [{mixer: mamba}]}\n${rest}`;

  for (const name of readdirSync(examples).filter((entry) => entry.endsWith('.ssm.yaml'))) {
    it(`accepts the example ${name}`, async () => {
      const { config: resolved, diagnostics, text } = await resolveFile(path.join(examples, name));
      assert.deepEqual(
        diagnostics.filter(({ severity }) => severity !== 'information'),
        [],
      );
      assert.ok(resolved);
      const again = await resolveFile(write('again.ssm.yaml', text ?? ''));
      assert.deepEqual(again.config, resolved);
      assert.deepEqual(again.diagnostics, []);
    });
  }

  it('finds data files from the folder of the base that names them', async () => {
    write('lib/books/a.txt', 'x'.repeat(1000));
    write('lib/base.ssm.yaml', config('[books/*.txt]'));
    const {
      config: resolved,
      diagnostics,
      files,
    } = await resolveFile(write('a.ssm.yaml', 'extends: lib/base.ssm.yaml\n'));
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(resolved?.data['files'], [path.join(folder, 'lib/books/*.txt')]);
    assert.equal(files.length, 2);
  });

  it('finds files beneath folders with brackets in their names', async () => {
    write('[a]/x.txt', 'x'.repeat(1000));
    const { diagnostics } = await resolveFile(write('[a]/a.ssm.yaml', config('["*.txt"]')));
    assert.deepEqual(diagnostics, []);
  });

  const wrong: [string, string, string, string, number][] = [
    ['a missing file', '[none.txt]', '', 'file-missing', 4],
    ['a pattern without files', '["*.md"]', '', 'file-missing', 4],
    ['an empty file', '[a.txt]', '', 'file-missing', 4],
    ['a context longer than the data', '[a.txt]', 'too short', 'data-too-short', 3],
  ];
  for (const [what, files, content, code, line] of wrong) {
    it(`reports ${what}`, async () => {
      write('a.txt', content);
      const { diagnostics, config: resolved, text } = await resolveFile(write('a.ssm.yaml', config(files)));
      assert.deepEqual(
        diagnostics.map((d) => [d.code, d.line, d.severity]),
        [[code, line, 'error']],
      );
      assert.equal(resolved, undefined);
      assert.equal(text, undefined);
    });
  }

  it('warns of a checkpoint to start from that is not there, and of none that is', async () => {
    write('a.txt', 'x'.repeat(1000));
    const found = async (from: string) =>
      resolveFile(write('a.ssm.yaml', config('[a.txt]', `train:\n  steps: 5\n  from: ${from}\n`)));
    const { diagnostics, config: resolved, text } = await found('nowhere');
    assert.deepEqual(
      diagnostics.map((d) => [d.code, d.line, d.severity]),
      [['file-missing', 8, 'warning']],
    );
    assert.match(diagnostics[0]!.message, /There is no checkpoint or run nowhere in /);
    assert.equal(resolved?.train.from, 'nowhere');
    assert.match(text ?? '', /from: nowhere/);
    assert.deepEqual((await found('a.txt')).diagnostics, []);
  });

  it('reports a config that is not there', async () => {
    const { diagnostics } = await resolveFile(path.join(folder, 'none.ssm.yaml'));
    assert.deepEqual(
      diagnostics.map((d) => [d.code, d.line, d.column]),
      [['file-missing', 1, 1]],
    );
  });

  it('reads JSON', async () => {
    const json = JSON.stringify(
      { data: 'induction-heads', model: { d_model: 8, layers: [{ mixer: 'mamba' }] } },
      null,
      '\t',
    );
    const { diagnostics, config: resolved } = await resolveFile(write('a.ssm.json', json));
    assert.deepEqual(diagnostics, []);
    assert.equal(resolved?.model.d_model, 8);
  });

  it('is printed as check prints it', async () => {
    const file = write(
      'a.ssm.yaml',
      'data: induction-heads\nmodel: {d_modle: 8, layers: [{mixer: mamba}]}\n',
    );
    const { diagnostics } = await resolveFile(file);
    const printed = JSON.parse(formatJson(diagnostics)) as Record<string, unknown>[];
    const first = printed.find((d) => d['code'] === 'unknown-key');
    assert.deepEqual(first, {
      file,
      line: 2,
      column: 9,
      endLine: 2,
      endColumn: 16,
      severity: 'error',
      code: 'unknown-key',
      message: 'Unknown key `d_modle` in `model`. Did you mean `d_model`?',
      suggestion: 'd_model',
    });
    assert.match(
      formatText(diagnostics, [file]),
      /a\.ssm\.yaml:2:9: error: Unknown key .* \(unknown-key\)\n/,
    );
    assert.match(formatText([], [file]), /1 file checked: no problems/);
  });
});
