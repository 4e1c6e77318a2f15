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
  /** Processor time of `activate`, ms: hardly changed by what else the machine does. */
  readonly processorMs: number;
}

export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const started = performance.now();
  const before = process.cpuUsage();
  studio = new Studio(context);
  registerCommands(context, studio);
  studio.start();
  const activationMs = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  const processorMs = (user + system) / 1000;
  studio.log.info(
    `Activated in ${activationMs.toFixed(1)} ms, ${processorMs.toFixed(1)} ms of processor time (VS Code ${vscode.version})`,
  );
  return { activationMs, processorMs };
}

export async function deactivate(): Promise<void> {
  await studio?.stop();
  studio = undefined;
}
