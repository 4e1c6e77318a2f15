/**
 * @file What is tested inside the extension host, through the editor's own API. It runs in the embedded editor
 * (`test/e2e/host.test.ts`) and in a desktop VS Code (`npm run test:desktop`); the entry is `run`.
 */
import assert from 'node:assert/strict';
import Mocha from 'mocha';
import * as vscode from 'vscode';

const id = 'ssm-studio.ssm-studio';

/** The text of a new config document in the editor. */
async function openConfig(content: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument({ language: 'ssm-yaml', content });
  await vscode.window.showTextDocument(document);
  return document;
}

/** Asks until the answer is accepted: the language server may just be starting. */
async function until<T>(read: () => Thenable<T>, accept: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`Not within 20 s; last: ${JSON.stringify(value)?.slice(0, 400)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const completions = (document: vscode.TextDocument, line: number, character: number): Thenable<string[]> =>
  vscode.commands
    .executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      new vscode.Position(line, character),
    )
    .then(({ items }) => items.map(({ label }) => (typeof label === 'string' ? label : label.label)));

function define(suite: Mocha.Suite): void {
  const it = (title: string, test: () => Promise<void>): void =>
    void suite.addTest(new Mocha.Test(title, test));

  it('activates in less than 50 ms of processor time', async () => {
    const extension = vscode.extensions.getExtension<{ processorMs: number }>(id);
    assert.ok(extension !== undefined);
    const { processorMs } = await extension.activate();
    assert.ok(processorMs < 50, `${processorMs} ms`);
  });

  it('has registered every command of its manifest', async () => {
    const manifest = vscode.extensions.getExtension(id)?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    const known = new Set(await vscode.commands.getCommands(true));
    const missing = manifest.contributes.commands.filter(({ command }) => !known.has(command));
    assert.deepEqual(missing, []);
  });

  it('completes mixers in an untitled document', async () => {
    const document = await openConfig(
      'data: induction-heads\nmodel:\n  d_model: 16\n  layers:\n    - mixer: \n',
    );
    const labels = await until(
      () => completions(document, 4, 13),
      (found) => found.includes('mamba'),
    );
    for (const mixer of ['mamba', 'mamba2', 'attention', 'mlp']) assert.ok(labels.includes(mixer), mixer);
  });

  it('reports a wrong value at the value', async () => {
    const document = await openConfig(
      'data: induction-heads\nmodel:\n  d_model: wide\n  layers: [{mixer: mamba}]\n',
    );
    const [first] = await until(
      () => Promise.resolve(vscode.languages.getDiagnostics(document.uri)),
      (found) => found.length > 0,
    );
    assert.equal(document.getText(first!.range), 'wide');
  });

  it('offers Train and Inspect Scan above a config', async () => {
    const document = await openConfig(
      'data: induction-heads\nmodel:\n  d_model: 16\n  layers: [{mixer: mamba}]\n',
    );
    const lenses = await until(
      () =>
        vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 10),
      (found) => found.length >= 2,
    );
    const commands = new Set(lenses.map(({ command }) => command?.command));
    assert.ok(commands.has('ssm.train') && commands.has('ssm.inspectScan'), [...commands].join(', '));
  });

  it('leaves plain YAML alone', async () => {
    const document = await vscode.workspace.openTextDocument({ language: 'yaml', content: 'da' });
    assert.ok(!(await completions(document, 0, 2)).includes('model'));
  });
}

/** Called by the editor. Rejects when a test failed. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ timeout: 30_000, reporter: 'spec', color: false });
  define(mocha.suite);
  await new Promise<void>((resolve, reject) => {
    mocha.run((failures) =>
      failures === 0 ? resolve() : reject(new Error(`${failures} tests failed in the host`)),
    );
  });
}
