/** @file *Show Resolved Config* and *Show Model Structure*: what the language server makes of the config at hand. */
import * as vscode from 'vscode';
import { UserError } from '../errors';
import { pickConfig } from '../runs/source';
import type { Studio } from '../studio';

const scheme = 'ssm-resolved';

/** Texts by address, filled before a document is opened. */
const texts = new Map<string, string>();
let provider: vscode.Disposable | undefined;
const changed = new vscode.EventEmitter<vscode.Uri>();

/** Opens the config with every default written out, read-only, beside it. */
export async function showResolvedConfig(studio: Studio, argument?: unknown): Promise<void> {
  const uri = await pickConfig(argument);
  if (uri === undefined) return;
  await vscode.workspace.openTextDocument(uri);
  const { client } = await studio.server();
  const text = await client.sendRequest<string | null>('ssm/resolvedConfig', {
    textDocument: { uri: uri.toString() },
  });
  if (text === null)
    throw new UserError('The config has errors, so there is no resolved config yet.', [
      {
        title: 'Show Problems',
        run: () => vscode.commands.executeCommand('workbench.actions.view.problems'),
      },
    ]);
  if (provider === undefined) {
    provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
      onDidChange: changed.event,
      provideTextDocumentContent: (asked) => texts.get(asked.toString()) ?? '',
    });
    studio.context.subscriptions.push(provider);
  }
  const shown = vscode.Uri.from({ scheme, path: uri.path.replace(/\.ssm\.(ya?ml|json)$/, '.resolved.yaml') });
  texts.set(shown.toString(), text);
  changed.fire(shown);
  const document = await vscode.workspace.openTextDocument(shown);
  await vscode.languages.setTextDocumentLanguage(document, 'yaml');
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
  });
}

/** Brings the tree of layers into view; it follows the cursor. */
export async function showModelStructure(studio: Studio): Promise<void> {
  await studio.server();
  await vscode.commands.executeCommand('ssm.model.focus');
}
