/**
 * @file Entry of the extension. `activate` registers every command, the Runs view and the panel serializers, and
 * loads nothing else: each part is imported when it is first needed.
 */
import * as vscode from 'vscode';
import { registerCommands } from './commands';
import { Studio } from './studio';

let studio: Studio | undefined;

/** What `activate` returns, for tests and other extensions. */
export interface ExtensionApi {
  /** Milliseconds that `activate` took. */
  readonly activationMs: number;
}

export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const started = performance.now();
  studio = new Studio(context);
  registerCommands(context, studio);
  studio.start();
  const activationMs = performance.now() - started;
  studio.log.info(`Activated in ${activationMs.toFixed(1)} ms (VS Code ${vscode.version})`);
  return { activationMs };
}

export async function deactivate(): Promise<void> {
  await studio?.stop();
  studio = undefined;
}
