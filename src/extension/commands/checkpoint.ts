/**
 * @file *Open Checkpoint…*: what a folder or file of somebody's weights is, as a document that never touches the
 * disk. The files are read in a process of their own.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import { runCli } from '../child';
import { UserError } from '../errors';
import type { Studio } from '../studio';

const scheme = 'ssm-checkpoint';

/** Texts by address, filled before a document is opened. */
const texts = new Map<string, string>();
let provider: vscode.Disposable | undefined;

/** @param argument a file or folder, from a menu; asked for otherwise */
export async function openCheckpoint(studio: Studio, argument?: unknown): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : await ask();
  if (uri === undefined) return;
  const { context } = studio;
  const name = path.basename(uri.fsPath);
  const { code, stdout, stderr } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Opening ${name}`, cancellable: true },
    (_, token) => runCli(context, ['info', uri.fsPath], { token }),
  );
  if (code !== 0) throw new UserError(stderr.trim().replace(/^error: /, ''));
  if (provider === undefined) {
    provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
      provideTextDocumentContent: (asked) => texts.get(asked.toString()) ?? '',
    });
    context.subscriptions.push(provider);
  }
  const shown = vscode.Uri.from({ scheme, path: `${uri.path}.yaml` });
  texts.set(shown.toString(), stdout);
  const document = await vscode.workspace.openTextDocument(shown);
  await vscode.languages.setTextDocumentLanguage(document, 'yaml');
  await vscode.window.showTextDocument(document);
}

async function ask(): Promise<vscode.Uri | undefined> {
  const found = await vscode.window.showOpenDialog({
    title: 'Open Checkpoint',
    openLabel: 'Open',
    canSelectFiles: true,
    canSelectFolders: true,
    filters: { Checkpoints: ['safetensors', 'gguf', 'bin'], 'All files': ['*'] },
  });
  return found?.[0];
}
