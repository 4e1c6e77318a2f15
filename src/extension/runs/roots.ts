/** @file Where run folders may lie: every `runs` folder of the workspace, a few levels down, and beside open configs. */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';

const DEPTH = 3;
const LIMIT = 2000;
const skipped = new Set(['node_modules', 'dist', 'out', 'build', '__pycache__']);

export async function findRunRoots(): Promise<Set<string>> {
  const found = new Set<string>();
  let visited = 0;
  const visit = async (folder: string, depth: number): Promise<void> => {
    if (++visited > LIMIT) return;
    for (const entry of await fs.readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory() || entry.name.startsWith('.') || skipped.has(entry.name)) continue;
      const full = path.join(folder, entry.name);
      if (entry.name === 'runs') found.add(full);
      else if (depth < DEPTH) await visit(full, depth + 1);
    }
  };
  for (const { uri } of vscode.workspace.workspaceFolders ?? [])
    if (uri.scheme === 'file') await visit(uri.fsPath, 0);
  for (const { languageId, uri } of vscode.workspace.textDocuments) {
    if (languageId !== 'ssm-yaml' || uri.scheme !== 'file') continue;
    const beside = path.join(path.dirname(uri.fsPath), 'runs');
    if ((await fs.stat(beside).catch(() => undefined))?.isDirectory() === true) found.add(beside);
  }
  return found;
}
