/** @file Refactorings: what they write, that comments stay, and that the config means the same. */
import * as assert from 'node:assert/strict';
import {
  CodeActionRequest,
  type ClientCapabilities,
  type CodeAction,
  type TextDocumentEdit,
  type TextEdit,
} from 'vscode-languageserver-protocol/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parseConfig, toPlain } from '../../src/config';
import { atCursor, modern, TestClient } from './harness';

const capabilities: ClientCapabilities = {
  ...modern,
  workspace: { workspaceEdit: { documentChanges: true, resourceOperations: ['create'] } },
};
const apply = (text: string, edits: TextEdit[]): string =>
  TextDocument.applyEdits(TextDocument.create('a:a', '', 1, text), edits);
const plain = (text: string): unknown => {
  const { root, diagnostics } = parseConfig('a', text);
  assert.deepEqual(diagnostics, [], text);
  return root && toPlain(root);
};

describe('refactorings', () => {
  let client: TestClient;
  before(async () => {
    client = await TestClient.start(capabilities);
  });
  after(() => client.stop());
  const uri = 'file:///nowhere/a.ssm.yaml';

  const actionsAt = async (
    marked: string,
    only: string,
  ): Promise<{ text: string; actions: CodeAction[] }> => {
    const { text, position } = atCursor(marked);
    await client.open(text, uri);
    const actions = (await client.connection.sendRequest(CodeActionRequest.type, {
      textDocument: { uri },
      range: { start: position, end: position },
      context: { diagnostics: [], only: [only] },
    })) as CodeAction[];
    return { text, actions };
  };
  const after1 = async (marked: string, only: string): Promise<string> => {
    const { text, actions } = await actionsAt(marked, only);
    assert.equal(actions.length, 1, JSON.stringify(actions));
    return apply(text, actions[0]?.edit?.changes?.[uri] ?? []);
  };

  const start = 'data: induction-heads\nmodel:\n  d_model: 32\n  layers:\n';

  it('joins equal layers into one with `repeat`', async () => {
    const block = `${start}    - mix▮er: mamba # first\n      d_state: 8\n    - mixer: mamba\n      d_state: 8\n    - mixer: mlp\n`;
    assert.equal(
      await after1(block, 'refactor.rewrite'),
      `${start}    - repeat: 2\n      mixer: mamba # first\n      d_state: 8\n    - mixer: mlp\n`,
    );
    const flow = `${start}    - {mixer: mam▮ba, repeat: 3}\n    - {mixer: mamba, repeat: 3}\n`;
    assert.equal(await after1(flow, 'refactor.rewrite'), `${start}    - {mixer: mamba, repeat: 6}\n`);
    const row =
      'data: induction-heads\nmodel: {d_model: 8, layers: [{mixer: mam▮ba}, {mixer: mamba}, {mixer: mlp}]}\n';
    assert.match(
      await after1(row, 'refactor.rewrite'),
      /layers: \[\{mixer: mamba, repeat: 2\}, \{mixer: mlp\}\]/,
    );
    assert.equal(
      (await actionsAt(`${start}    - mixer: mam▮ba\n    - mixer: mlp\n`, 'refactor.rewrite')).actions.length,
      0,
    );
  });

  it('sorts keys with their comments', async () => {
    const messy = [
      '# About all of it.',
      'seed: 1 # fixed',
      '# How.',
      'train:',
      '  batch_size: 8',
      '  steps: 10',
      'model:',
      '  layers:',
      '    - d_state: 8 # small',
      '      mixer: mamba',
      '  # Width.',
      '  d_model: 32',
      'data: induction-heads▮',
      '',
    ].join('\n');
    assert.equal(
      await after1(messy, 'source.sortKeys'),
      [
        '# About all of it.',
        'data: induction-heads',
        'model:',
        '  # Width.',
        '  d_model: 32',
        '  layers:',
        '    - mixer: mamba',
        '      d_state: 8 # small',
        '# How.',
        'train:',
        '  steps: 10',
        '  batch_size: 8',
        'seed: 1 # fixed',
        '',
      ].join('\n'),
    );
    assert.equal((await actionsAt(`${start}    - mixer: mamb▮a\n`, 'source.sortKeys')).actions.length, 0);
  });

  it('inlines a base with its comments', async () => {
    await client.open(
      '# base\ndata: induction-heads\nmodel:\n    # wide\n    d_model: 64\n    layers:\n        - mixer: mamba\ntrain: {steps: 5}\nseed: 3\n',
      'file:///nowhere/base.ssm.yaml',
    );
    const own =
      '# mine\nextends: ./ba▮se.ssm.yaml\nmodel:\n  norm: layer # other\ntrain: {batch_size: 4}\nseed: null\n';
    const inlined = await after1(own, 'refactor.inline');
    assert.deepEqual(plain(inlined), {
      model: { norm: 'layer', d_model: 64, layers: [{ mixer: 'mamba' }] },
      train: { batch_size: 4, steps: 5 },
      data: 'induction-heads',
    });
    assert.match(inlined, /^# mine\nmodel:\n {2}norm: layer # other\n {2}# wide\n {2}d_model: 64\n/);
  });

  it('inlines a preset', async () => {
    const inlined = await after1('extends: mamba-13▮0m\ndata: induction-heads\n', 'refactor.inline');
    assert.deepEqual((plain(inlined) as { model: { d_model: number } }).model.d_model, 768);
    assert.doesNotMatch(inlined, /extends/);
  });

  it('moves the layers into a file of their own', async () => {
    const marked = `# head\n${start.replace('layers', 'lay▮ers')}    # the stack\n    - mixer: mamba\ntrain:\n  steps: 3\n`;
    const { text, actions } = await actionsAt(marked, 'refactor.extract');
    assert.ok(actions[0]?.edit?.documentChanges);
    const [create, fill, change] = actions[0].edit.documentChanges as [
      { kind: string; uri: string },
      TextDocumentEdit,
      TextDocumentEdit,
    ];
    assert.equal(create.kind, 'create');
    assert.match(create.uri, /\/a-layers\.ssm\.yaml$/);
    assert.deepEqual(plain(apply('', fill.edits as TextEdit[])), { model: { layers: [{ mixer: 'mamba' }] } });
    assert.match(apply('', fill.edits as TextEdit[]), /# the stack/);
    assert.deepEqual(plain(apply(text, change.edits as TextEdit[])), {
      extends: './a-layers.ssm.yaml',
      data: 'induction-heads',
      model: { d_model: 32 },
      train: { steps: 3 },
    });
  });
});
