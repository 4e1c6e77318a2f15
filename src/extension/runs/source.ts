/**
 * @file From what is in the editor to a file that the run process can read. Saved files are saved first, as a
 * task does; an untitled document is copied into the extension's storage, and its runs go to the workspace.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../errors';

export interface ConfigSource {
  /** The file that `train` reads. */
  readonly file: string;
  /** `induction-heads` of `induction-heads.ssm.yaml`. */
  readonly stem: string;
  /** The folder under which `runs/<stem>` lies. */
  readonly root: string;
  /** The document has no file: the run keeps the only copy of what was trained. */
  readonly untitled: boolean;
}

export const isConfigName = (name: string): boolean => /\.ssm\.(ya?ml|json)$/.test(name);

export const stemOf = (file: string): string => path.basename(file).replace(/\.ssm\.(ya?ml|json)$/, '');

/** The config a command means: its argument, else the active editor, else a pick among the workspace's. */
export async function pickConfig(argument: unknown): Promise<vscode.Uri | undefined> {
  const given = uriOf(argument);
  if (given !== undefined) return given;
  const active = vscode.window.activeTextEditor?.document;
  if (active?.languageId === 'ssm-yaml') return active.uri;
  const open = vscode.workspace.textDocuments.filter(({ languageId }) => languageId === 'ssm-yaml');
  const visible = vscode.window.visibleTextEditors.find(({ document }) => document.languageId === 'ssm-yaml');
  if (visible !== undefined) return visible.document.uri;
  const files = await findConfigs();
  const known = new Map([...open.map(({ uri }) => uri), ...files].map((uri) => [uri.toString(), uri]));
  if (known.size === 0) {
    throw new UserError('There is no config here yet. Write one, or start from a template.', [
      { title: 'New Config from Template…', run: () => vscode.commands.executeCommand('ssm.newConfig') },
    ]);
  }
  const items = [...known.values()].map((uri) => ({
    label: path.basename(uri.path),
    description: vscode.workspace.asRelativePath(path.dirname(uri.path)),
    uri,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: 'Which config?',
    matchOnDescription: true,
  });
  return picked?.uri;
}

/** The config of a Uri, a path or address, or an object that carries one. */
export function uriOf(argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) return argument;
  if (typeof argument === 'string') {
    return argument.startsWith('/') ? vscode.Uri.file(argument) : vscode.Uri.parse(argument);
  }
  if (typeof argument === 'object' && argument !== null) {
    const { uri, config } = argument as { uri?: unknown; config?: unknown };
    return uriOf(uri) ?? uriOf(config);
  }
  return undefined;
}

/** Configs in the workspace, found by walking: at most a few levels and never through dependencies or runs. */
async function findConfigs(): Promise<vscode.Uri[]> {
  const found: vscode.Uri[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await fs.readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (found.length >= 500) return;
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (
          depth < 4 &&
          !entry.name.startsWith('.') &&
          entry.name !== 'node_modules' &&
          entry.name !== 'runs'
        ) {
          await visit(full, depth + 1);
        }
      } else if (isConfigName(entry.name)) found.push(vscode.Uri.file(full));
    }
  };
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    if (folder.uri.scheme === 'file') await visit(folder.uri.fsPath, 0);
  }
  return found;
}

/** Makes the config a file on disk. @throws UserError when it cannot be one. */
export async function toSource(uri: vscode.Uri, context: vscode.ExtensionContext): Promise<ConfigSource> {
  if (uri.scheme === 'file') {
    const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
    if (document?.isDirty && !(await document.save())) {
      throw new UserError(
        `${path.basename(uri.fsPath)} has changes that could not be saved, so it was not started.`,
      );
    }
    return { file: uri.fsPath, stem: stemOf(uri.fsPath), root: path.dirname(uri.fsPath), untitled: false };
  }
  if (uri.scheme !== 'untitled') {
    throw new UserError(
      `Training reads files on disk; save a copy of ${path.basename(uri.path)} in a local folder.`,
    );
  }
  const document = await vscode.workspace.openTextDocument(uri);
  const name = path.basename(uri.path);
  const stem = stemOf(name)
    .toLowerCase()
    .replaceAll(/[^\w.-]+/g, '-');
  const folder = path.join(context.globalStorageUri.fsPath, 'untitled', String(Date.now()));
  await fs.mkdir(folder, { recursive: true });
  const file = path.join(
    folder,
    `${stem}.ssm.${document.getText().trimStart().startsWith('{') ? 'json' : 'yaml'}`,
  );
  await fs.writeFile(file, document.getText());
  const workspace = vscode.workspace.workspaceFolders?.find(({ uri: { scheme } }) => scheme === 'file');
  const root = workspace?.uri.fsPath ?? context.globalStorageUri.fsPath;
  return { file, stem, root, untitled: true };
}
