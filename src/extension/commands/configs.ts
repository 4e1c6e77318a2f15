/** @file Commands about configs: a new one from a template, and a check that says what it found. */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { runCli } from '../child';
import { pickConfig, toSource } from '../runs/source';
import type { Studio } from '../studio';

/** Offers the bundled examples and opens a copy of the chosen one as an untitled document. */
export async function newConfig(studio: Studio): Promise<void> {
  const folder = examplesFolder(studio.context);
  const names = (await fs.readdir(folder)).filter((name) => name.endsWith('.ssm.yaml')).toSorted();
  const items: { label: string; detail: string; name: string }[] = [];
  for (const name of names) {
    const text = await fs.readFile(path.join(folder, name), 'utf8');
    // What extends a neighbour makes no sense without it.
    if (/^extends:\s*\.\.?\//m.test(text)) continue;
    items.push({ label: name.replace(/\.ssm\.yaml$/, ''), detail: firstComment(text), name });
  }
  const empty = {
    label: 'Empty config',
    detail: 'Start with nothing; completion lists what can be written.',
    name: '',
  };
  const picked = await vscode.window.showQuickPick<{ label: string; detail: string; name: string }>(
    [...items, empty],
    {
      placeHolder: 'Start from which template?',
      matchOnDetail: true,
    },
  );
  if (picked === undefined) return;
  if (picked.name !== '') await openTemplate(studio.context, picked.name);
  else await showUntitled('config.ssm.yaml', '');
}

const examplesFolder = (context: vscode.ExtensionContext): string => context.asAbsolutePath('examples');

/** The first sentence of the leading comment. */
export function firstComment(text: string): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('#')) break;
    lines.push(line.replace(/^#+\s*/, '').trim());
  }
  const all = lines.join(' ').trim();
  return /^.*?\.(?=\s|$)/.exec(all)?.[0] ?? all;
}

/** Opens a copy of a bundled example as an untitled document of the same name. */
export async function openTemplate(
  context: vscode.ExtensionContext,
  name: string,
): Promise<vscode.TextDocument> {
  return showUntitled(name, await fs.readFile(path.join(examplesFolder(context), name), 'utf8'));
}

export async function showUntitled(name: string, text: string): Promise<vscode.TextDocument> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const base = folder?.scheme === 'file' ? folder.fsPath : '';
  let free = name;
  for (let n = 2; await taken(path.join(base, free)); n++) free = name.replace('.ssm.', `-${n}.ssm.`);
  const uri = vscode.Uri.from({ scheme: 'untitled', path: base === '' ? free : path.join(base, free) });
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document);
  if (document.getText() !== text) {
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), text));
  }
  if (document.languageId !== 'ssm-yaml')
    await vscode.languages.setTextDocumentLanguage(document, 'ssm-yaml');
  return document;
}

async function taken(file: string): Promise<boolean> {
  const open = vscode.workspace.textDocuments.some(
    ({ uri, isClosed }) => !isClosed && uri.scheme === 'untitled' && uri.path.endsWith(file),
  );
  if (open) return true;
  if (!path.isAbsolute(file)) return false;
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

interface Finding {
  readonly line: number;
  readonly severity: string;
  readonly message: string;
}

/** Checks a config as the command line does and says the result in one sentence. */
export async function checkConfig(studio: Studio, argument?: unknown): Promise<void> {
  const uri = await pickConfig(argument);
  if (uri === undefined) return;
  const { file, stem } = await toSource(uri, studio.context);
  const { code, stdout, stderr } = await runCli(studio.context, ['check', file, '--format', 'json'], {
    cwd: path.dirname(file),
  });
  let findings: Finding[];
  try {
    findings = JSON.parse(stdout) as Finding[];
  } catch {
    throw new Error(`The check did not finish (exit code ${code}): ${stderr.trim() || stdout.trim()}`);
  }
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) {
    const notes = findings.length === 0 ? '' : ` (${findings.length} notes)`;
    void vscode.window.showInformationMessage(`${stem}: no errors${notes}.`);
    return;
  }
  const first = errors[0]!;
  const show = 'Show Problems';
  const answer = await vscode.window.showErrorMessage(
    `${stem}: ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}. Line ${first.line}: ${first.message}`,
    show,
  );
  if (answer === show) await vscode.commands.executeCommand('workbench.actions.view.problems');
}
