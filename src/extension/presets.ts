/** @file Texts of presets as read-only documents, for *Go to Definition* on `extends`. */
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

const scheme = 'ssm-preset';

export function registerPresets(client: LanguageClient): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: async ({ path }) => {
      const name = path.replace(/^\//, '').replace(/\.ssm\.yaml$/, '');
      return (await client.sendRequest<string | null>('ssm/preset', { name })) ?? '';
    },
  });
}
