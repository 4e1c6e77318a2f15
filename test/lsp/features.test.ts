import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CodeActionRequest,
  CodeLensRequest,
  DefinitionRequest,
  DidChangeConfigurationNotification,
  DocumentFormattingRequest,
  DocumentLinkRequest,
  DocumentSymbolRequest,
  FoldingRangeRequest,
  InlayHintRequest,
  SelectionRangeRequest,
  type CodeAction,
  type Hover,
  type Position,
} from 'vscode-languageserver-protocol/node';
import { testLanguage } from '../language/registry';
import { atCursor, modern, plain, TestClient } from './harness';

const good = 'data: recall\nmodel:\n  d_model: 32\n  layers:\n    - mixer: mamba\n      repeat: 2\n';
const markdown = (hover: Hover | null): string =>
  (hover?.contents as { value: string } | undefined)?.value ?? '';

describe('language server', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await TestClient.start(modern, () => testLanguage);
  });
  afterEach(() => client.stop());

  const hoverAt = async (marked: string): Promise<string> => {
    const { text, position } = atCursor(marked);
    return markdown(await client.hover(await client.open(text), position));
  };

  describe('hover', () => {
    it('explains a key with type, default and symbol', async () => {
      const text = await hoverAt(good.replace('repeat', 'd_st▮ate: 4\n      repeat'));
      assert.match(text, /\*\*d_state\*\* \(N\): integer > 0/);
      assert.match(text, /State size per channel/);
      assert.match(text, /Default: `16`/);
    });
    it('explains a mixer with formula, paper and the numbers of this config', async () => {
      const text = await hoverAt(good.replace('mamba', 'mam▮ba'));
      assert.match(text, /S6/);
      assert.match(text, /exp\(Δₜ A\)/);
      assert.match(text, /arxiv\.org\/abs\/2312\.00752\), .*2023/);
      assert.match(text, /2 layers, 0 … 1: \(batch, 64, 32\)/);
      assert.match(text, /d_inner 64, dt_rank 2/);
      assert.match(text, /parameters each/);
      assert.match(text, /[\d.]+ kFLOP per token/);
    });
    it('explains data and the stack', async () => {
      assert.match(
        await hoverAt(good.replace('recall', 'rec▮all')),
        /About recall[^]*length 64, vocabulary 16 → 1 answer/,
      );
      assert.match(await hoverAt(good.replace('layers', 'lay▮ers')), /2 layers, [\d.]+ k parameters/);
    });
    it('is silent between words and about unknown keys', async () => {
      assert.equal(await hoverAt('data: recall\n▮\n\nmodel: {}'), '');
      assert.equal(await hoverAt('nonsen▮se: 3'), '');
    });
  });

  describe('diagnostics', () => {
    it('are pulled, with codes and ranges, and never pushed', async () => {
      const uri = await client.open(good.replace('repeat', 'repeet'));
      const [first, ...rest] = await client.diagnostics(uri);
      assert.equal(rest.length, 0);
      assert.equal(first?.code, 'unknown-key');
      assert.deepEqual(first.range, { start: { line: 5, character: 6 }, end: { line: 5, character: 12 } });
      assert.ok(client.initialized.capabilities.diagnosticProvider);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(client.pushed.length, 0);
    });

    it('follow incremental changes', async () => {
      const uri = await client.open(good);
      assert.deepEqual(await client.diagnostics(uri), []);
      await client.change(uri, { line: 2, character: 11 }, { line: 2, character: 13 }, 'x');
      assert.deepEqual(
        (await client.diagnostics(uri)).map(({ code }) => code),
        ['wrong-type'],
      );
      await client.change(uri, { line: 2, character: 11 }, { line: 2, character: 12 }, '64');
      assert.deepEqual(await client.diagnostics(uri), []);
    });

    it('show errors of an open base at extends, with their place', async () => {
      const base = await client.open(good.replace('mamba', 'mambo'), 'file:///configs/base.ssm.yaml');
      const uri = await client.open('seed: 1\nextends: base.ssm.yaml\n');
      const [first] = await client.diagnostics(uri);
      assert.equal(first?.code, 'base-has-errors');
      assert.equal(first.range.start.line, 1);
      assert.equal(first.relatedInformation?.[0]?.location.uri, base);
      assert.equal(first.relatedInformation[0].location.range.start.line, 4);
      // Another spelling of the same address is the same document.
      const other = await client.open('extends: base.ssm.yaml\n', 'file:///c%6Fnfigs/c.ssm.yaml');
      assert.equal((await client.diagnostics(other))[0]?.code, 'base-has-errors');
      // Repaired in the unsaved base, the error is gone here too.
      await client.change(base, { line: 4, character: 13 }, { line: 4, character: 18 }, 'mamba');
      assert.deepEqual(await client.diagnostics(uri), []);
    });

    it('report data files that are not there', async () => {
      const real = await TestClient.start(modern);
      try {
        const uri = await real.open(
          'data: {type: text, files: [none.txt]}\nmodel: {d_model: 8, layers: [{mixer: mamba}]}\n',
        );
        const [first, ...rest] = await real.diagnostics(uri);
        assert.deepEqual(
          [first?.code, first?.range.start, rest],
          ['file-missing', { line: 0, character: 27 }, []],
        );
      } finally {
        real.stop();
      }
    });

    it('are pushed to clients that cannot pull, cleared at close', async () => {
      const other = await TestClient.start(plain, () => testLanguage);
      try {
        assert.equal(other.initialized.capabilities.diagnosticProvider, undefined);
        const uri = await other.open(good.replace('repeat', 'repeet'));
        const [first] = await other.pushedFor(uri, (items) => items.length === 1);
        assert.equal(first?.code, 'unknown-key');
        await other.replace(uri, good);
        await other.pushedFor(uri, (items) => items.length === 0);
        await other.replace(uri, 'data: x');
        await other.pushedFor(uri, (items) => items.length > 0);
        await other.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
        await other.pushedFor(uri, (items) => items.length === 0);
      } finally {
        other.stop();
      }
    });
  });

  it('offers the nearest name as a preferred quick fix, and all fixes at once', async () => {
    const text = good.replace('repeat: 2', 'repeet: 2').replace('recall', 'recal');
    const uri = await client.open(text);
    const diagnostics = await client.diagnostics(uri);
    const range = diagnostics[1]?.range;
    assert.ok(range);
    const actions = (await client.connection.sendRequest(CodeActionRequest.type, {
      textDocument: { uri },
      range,
      context: { diagnostics },
    })) as CodeAction[];
    const [first, all] = actions;
    assert.equal(first?.title, 'Change to `repeat`');
    assert.equal(first.isPreferred, true);
    assert.deepEqual(first.edit?.changes?.[uri], [{ range, newText: 'repeat' }]);
    assert.equal(all?.edit?.changes?.[uri]?.length, 2);
    const source = (await client.connection.sendRequest(CodeActionRequest.type, {
      textDocument: { uri },
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      context: { diagnostics: [], only: ['source.fixAll'] },
    })) as CodeAction[];
    assert.deepEqual(
      source.map(({ kind }) => kind),
      ['source.fixAll'],
    );
  });

  it('puts Train and Inspect scan above the config, unless switched off', async () => {
    const uri = await client.open(good);
    const ask = () => client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } });
    assert.deepEqual(
      (await ask())?.map(({ command, range }) => [command?.command, command?.arguments, range.start.line]),
      [
        ['ssm.train', [uri], 0],
        ['ssm.inspectScan', [uri], 0],
      ],
    );
    const settings = { ssm: { codeLens: { enabled: false } } };
    await client.connection.sendNotification(DidChangeConfigurationNotification.type, { settings });
    assert.deepEqual(await ask(), []);
  });

  it('hints at sizes and parameters', async () => {
    const uri = await client.open(good);
    const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };
    const hints = await client.connection.sendRequest(InlayHintRequest.type, {
      textDocument: { uri },
      range,
    });
    const shown = hints?.map(({ label, position }) => [position.line, position.character, label]);
    assert.deepEqual(
      shown?.map(([line, character]) => [line, character]),
      [
        [0, 12],
        [3, 9],
        [4, 18],
      ],
    );
    assert.equal(shown[0]?.[2], 'length 64, vocabulary 16 → 1 answer');
    assert.match(shown[1]?.[2] as string, /^2 layers, [\d.]+ k parameters$/);
    assert.match(
      shown[2]?.[2] as string,
      /^\(64, 32\) · [\d.]+ k parameters · state [\d.]+ kB · d_inner 64, dt_rank 2 · × 2$/,
    );
  });

  it('outlines, folds and selects', async () => {
    const uri = await client.open(`# one\n# two\n${good}`);
    const symbols = await client.connection.sendRequest(DocumentSymbolRequest.type, {
      textDocument: { uri },
    });
    const names = JSON.stringify(symbols, ['name', 'detail', 'children']);
    assert.match(names, /"name":"data","detail":"recall"/);
    assert.match(names, /0: mamba × 2/);
    const folds = await client.connection.sendRequest(FoldingRangeRequest.type, { textDocument: { uri } });
    assert.deepEqual(
      folds
        ?.map(({ startLine, endLine }) => [startLine, endLine])
        .sort((a, b) => Number(a[0]) - Number(b[0])),
      [
        [0, 1],
        [3, 7],
        [5, 7],
        [6, 7],
      ],
    );
    const positions: Position[] = [{ line: 6, character: 14 }];
    const [selection] =
      (await client.connection.sendRequest(SelectionRangeRequest.type, {
        textDocument: { uri },
        positions,
      })) ?? [];
    const lines: number[] = [];
    for (let at = selection; at; at = at.parent) lines.push(at.range.end.line - at.range.start.line);
    assert.ok(lines.length >= 5);
    assert.deepEqual(
      lines,
      [...lines].sort((a, b) => a - b),
    );
  });

  it('links to bases and files, and goes to them and to anchors', async () => {
    const text =
      'extends: ../base.ssm.yaml\ndata: {type: prose, files: [notes.txt, "*.md"]}\nx: &a {k: 1}\ny: *a\n';
    const uri = await client.open(text);
    const links = await client.connection.sendRequest(DocumentLinkRequest.type, { textDocument: { uri } });
    assert.deepEqual(
      links?.map(({ target }) => target),
      ['file:///base.ssm.yaml', 'file:///configs/notes.txt'],
    );
    const go = (line: number, character: number) =>
      client.connection.sendRequest(DefinitionRequest.type, {
        textDocument: { uri },
        position: { line, character },
      });
    assert.deepEqual(await go(0, 12), [
      {
        uri: 'file:///base.ssm.yaml',
        range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      },
    ]);
    const [anchor] = (await go(3, 4)) as { range: { start: Position } }[];
    assert.equal(anchor?.range.start.line, 2);
  });

  it('answers a hover after a keystroke from the new text, and gives the numbers when they are known', async () => {
    const uri = await client.open('data: recall\nmodel:\n  d_model: 32\n  layers: [{mixer: mamba}]\n');
    const told = async (line: number): Promise<string> => {
      const hover = await client.hover(uri, { line, character: 4 });
      return hover === null ? '' : (hover.contents as { value: string }).value;
    };
    await client.diagnostics(uri);
    assert.match(await told(3), /Here: 1 layer/);
    await client.change(uri, { line: 2, character: 0 }, { line: 2, character: 0 }, '  norm: rms\n');
    assert.match(await told(2), /\*\*norm\*\*/);
    assert.match(await told(3), /\*\*d_model\*\*/);
    await client.diagnostics(uri);
    assert.match(await told(4), /Here: 1 layer/);
  });

  it('formats white space only', async () => {
    const uri = await client.open('data: recall  \n\n\n\nseed: 1 # kept \n\n\n');
    const options = { tabSize: 2, insertSpaces: true };
    const edits = await client.connection.sendRequest(DocumentFormattingRequest.type, {
      textDocument: { uri },
      options,
    });
    assert.equal(edits?.[0]?.newText, 'data: recall\n\nseed: 1 # kept\n');
  });

  it('gives the resolved config, and works on untitled documents', async () => {
    const uri = await client.open(good, 'untitled:Untitled-1');
    const text = await client.connection.sendRequest<string>('ssm/resolvedConfig', { textDocument: { uri } });
    assert.match(text, /d_state: 16/);
    await client.replace(uri, 'extends: ./base.ssm.yaml\n');
    const [missing] = await client.diagnostics(uri);
    assert.equal(missing?.code, 'extends-missing');
    const gone = { textDocument: { uri: 'untitled:other' } };
    assert.equal(await client.connection.sendRequest('ssm/resolvedConfig', gone), null);
  });

  it('does not read a base that has no end, or wait for one that nobody writes', async function () {
    if (process.platform === 'win32') this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'ssm-base-'));
    try {
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      for (const base of ['/dev/zero', join(folder, 'pipe')]) {
        const uri = await client.open(`extends: ${base}\n`);
        const [found] = await client.diagnostics(uri);
        assert.equal(found?.code, 'extends-missing');
        assert.match(JSON.stringify(found.message), /a device or a pipe, no file/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
