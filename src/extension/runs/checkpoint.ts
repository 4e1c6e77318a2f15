/** @file Which checkpoint a command means: an address on disk, the document of its summary, or `{target}`. */
import path from 'node:path';
import * as vscode from 'vscode';

/** Addresses of summaries: `ssm-checkpoint:/folder/of/weights.yaml`. */
export const CHECKPOINT_SCHEME = 'ssm-checkpoint';

export const summaryUri = (target: string): vscode.Uri =>
  vscode.Uri.file(target).with({ scheme: CHECKPOINT_SCHEME, path: `${vscode.Uri.file(target).path}.yaml` });

/** Absolute path of a folder or file; undefined when the argument names none. */
export function checkpointOf(argument: unknown): string | undefined {
  if (argument instanceof vscode.Uri) {
    if (argument.scheme === 'file') return argument.fsPath;
    if (argument.scheme !== CHECKPOINT_SCHEME) return undefined;
    return vscode.Uri.file(argument.path.replace(/\.yaml$/, '')).fsPath;
  }
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { target } = argument as { target?: unknown };
  return typeof target === 'string' && path.isAbsolute(target) ? target : undefined;
}
