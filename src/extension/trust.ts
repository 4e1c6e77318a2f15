/** @file Workspace Trust: what starts programs or writes files waits for it, and says so. */
import * as vscode from 'vscode';

/**
 * Whether the workspace is trusted; when it is not, tells why `what` does not run and offers to manage trust.
 * @param what the start of a sentence, for example "Training".
 */
export async function ensureTrusted(what: string): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = 'Manage Workspace Trust';
  const answer = await vscode.window.showWarningMessage(
    `${what} starts a program and writes files, so it waits until you trust this workspace. Completion and checks work without.`,
    manage,
  );
  if (answer === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  return vscode.workspace.isTrusted;
}
