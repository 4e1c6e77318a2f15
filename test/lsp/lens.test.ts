/** @file Code lenses that tell of runs, kinds of inlay hints, and the tree of the model. */
import * as assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { hintKinds, readClient } from '../../language-server/client';
import { Documents, type State } from '../../language-server/documents';
import { inlayHints } from '../../language-server/features/inlay';
import { codeLenses } from '../../language-server/features/lens';
import type { StructureNode } from '../../language-server/features/model-structure';
import { runsOnDisk } from '../../language-server/runs';
import { language } from '../../src/language';
import { testLanguage } from '../language/registry';
import { modern, TestClient } from './harness';

const good = 'data: recall\nmodel:\n  d_model: 32\n  layers:\n    - mixer: mamba\n      repeat: 2\n';
const stateOf = async (text: string): Promise<State> => {
  const documents = new Documents(
    () => testLanguage,
    () => Promise.reject(new Error('not read here')),
  );
  documents.opened(TextDocument.create('file:///configs/a.ssm.yaml', 'ssm-yaml', 1, text));
  const state = await documents.state('file:///configs/a.ssm.yaml');
  assert.ok(state);
  return state;
};

describe('code lenses with runs', () => {
  it('offer to resume and compare, and say the best validation loss', async () => {
    const state = await stateOf(good);
    const titles = (runs: Parameters<typeof codeLenses>[1]): string[] =>
      codeLenses(state, runs).map(({ command }) => command?.title ?? '');
    assert.deepEqual(titles([]), ['▷ Train', 'Inspect scan']);
    const swept = await stateOf(`${good}sweep:\n  seed: [1, 2]\n`);
    const [first] = codeLenses(swept, []);
    assert.deepEqual([first?.command?.title, first?.command?.command], ['▷ Run sweep', 'ssm.runSweep']);
    assert.deepEqual(titles([{ dir: '/r/1', status: 'finished', best: 0.12345 }]), [
      '▷ Train',
      'Inspect scan',
      '1 run, best val 0.1235',
    ]);
    const two = [
      { dir: '/r/2', status: 'interrupted' },
      { dir: '/r/1', status: 'finished', best: 1.5 },
    ];
    assert.deepEqual(titles(two), ['▷ Train', 'Resume', 'Inspect scan', 'Compare', '2 runs, best val 1.5']);
    const resume = codeLenses(state, two)[1]?.command;
    assert.deepEqual([resume?.command, resume?.arguments], ['ssm.resume', [{ dir: '/r/2' }]]);
  });

  it('read the run folders beside the config, damaged ones too', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'ssm-lens-'));
    try {
      const run = (id: string, files: Record<string, string>): void => {
        const dir = path.join(folder, 'runs', 'a', id);
        mkdirSync(dir, { recursive: true });
        for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text);
      };
      const now = '2026-01-01T00:00:00Z';
      const info = { name: 'a', status: 'finished', pid: 1, host: 'h', heartbeat: now, started: now };
      const rest = { device: 'cpu', threads: 1, versions: {}, config_hash: '', data_hash: '', parameters: 1 };
      run('20260101-000000-aaaa', {
        'run.json': JSON.stringify({ id: 'a', ...info, ...rest }),
        'metrics.jsonl': [2, 1, 3]
          .map((loss, index) => `{"step":${index + 1},"eval":{"split":"validation","loss":${loss}}}\n`)
          .join(''),
      });
      run('20260101-000001-bbbb', { 'run.json': '{' });
      const runs = await runsOnDisk()(path.join(folder, 'a.ssm.yaml'));
      assert.deepEqual(
        runs.map(({ status, best }) => [status, best]),
        [
          ['damaged', undefined],
          ['finished', 1],
        ],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('kinds of inlay hints', () => {
  const whole = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };

  it('can each be switched off; defaults are shown only when asked for', async () => {
    const state = await stateOf(good);
    const client = readClient(undefined);
    const shown = (): string =>
      inlayHints(state, whole, client.inlayHints)
        .map(({ label }) => label as string)
        .join(' | ');
    const marks = {
      shapes: '(64, 32)',
      parameters: 'k parameters ·',
      state: 'state ',
      derived: 'dt_rank 2',
      totals: '2 layers',
    };
    for (const [kind, mark] of Object.entries(marks)) {
      client.configure({ inlayHints: { [kind]: false } });
      assert.ok(!shown().includes(mark), kind);
      client.configure({});
      assert.ok(shown().includes(mark), kind);
    }
    assert.doesNotMatch(shown(), /d_conv 4/);
    client.configure({ inlayHints: { defaults: true } });
    assert.match(shown(), /d_state 16, d_conv 4/);
    client.configure({ inlayHints: { enabled: false, defaults: true } });
    assert.equal(shown(), '');
    assert.equal(hintKinds.length, 6);
  });
});

describe('requests of our own', () => {
  it('give the resolved config and the tree of the model with ranges', async () => {
    const client = await TestClient.start(modern, language);
    try {
      const uri = await client.open(good.replace('recall', 'induction-heads'));
      const params = { textDocument: { uri } };
      const tree: StructureNode = await client.connection.sendRequest('ssm/modelStructure', params);
      assert.match(tree.description, /parameters · .*FLOP per token · state .* to train/);
      const [layer] = tree.children;
      assert.equal(layer?.label, '0: mamba × 2');
      assert.deepEqual(layer.range?.start, { line: 4, character: 6 });
      const text: string = await client.connection.sendRequest('ssm/resolvedConfig', params);
      assert.match(text, /dt_rank: auto/);
      await client.replace(uri, 'data: nonsense\n');
      assert.equal(await client.connection.sendRequest('ssm/resolvedConfig', params), null);
      const broken: StructureNode = await client.connection.sendRequest('ssm/modelStructure', params);
      assert.deepEqual(broken.children, []);
    } finally {
      client.stop();
    }
  });
});
