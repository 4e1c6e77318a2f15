/** @file Two runs side by side: their configs in the diff editor, their curves in one panel, their matrices if wanted. */
import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../errors';
import { compareScans, openCurves } from '../panel-host';
import { dirOf, dirsOf } from '../runs/pick';
import type { RunEntry } from '../services';
import type { Studio } from '../studio';
import { describe, runLabel } from '../views/runs-tree';

export async function compareRuns(studio: Studio, argument?: unknown, selection?: unknown): Promise<void> {
  const { store } = await studio.runs();
  const selected = dirsOf(selection);
  const dirs = selected.length > 1 ? selected : await pickTwo(store.runs, dirOf(argument));
  const [first, second] = dirs;
  if (first === undefined || second === undefined) return;
  await openCurves(studio, dirs);
  const names = [first, second].map((dir) => nameOf(store.get(dir), dir));
  await openDiff(first, second, names.join(' ↔ '));
  const scans = 'Compare Scans';
  const answer = await vscode.window.showInformationMessage(
    `Comparing ${dirs.length} runs. The curves show them together; the editor shows how ${names[0]} ` +
      `and ${names[1]} differ.`,
    scans,
  );
  if (answer !== scans) return;
  await compareScans(studio, first, { target: second, name: names[1]! });
}

const nameOf = (run: RunEntry | undefined, dir: string): string => run?.notes.name ?? runLabel(dir);

/** The resolved configs, so that defaults that differ show as well. */
async function openDiff(first: string, second: string, title: string): Promise<void> {
  const config = (dir: string): vscode.Uri => vscode.Uri.file(path.join(dir, 'config.ssm.yaml'));
  await vscode.commands.executeCommand('vscode.diff', config(first), config(second), title, {
    preview: true,
    viewColumn: vscode.ViewColumn.One,
  });
}

async function pickTwo(runs: readonly RunEntry[], known: string | undefined): Promise<string[]> {
  if (runs.length < 2) throw new UserError('Two runs are needed to compare.');
  const items = runs
    .filter(({ dir }) => dir !== known)
    .map((run) => ({
      label: run.notes.name ?? runLabel(run.dir),
      description: `${run.name.split('/')[0] ?? ''} · ${run.status}`,
      detail: describe(run),
      dir: run.dir,
    }));
  if (known !== undefined) {
    const other = await vscode.window.showQuickPick(items, {
      placeHolder: `Compare ${path.basename(known)} with …`,
    });
    return other === undefined ? [] : [known, other.dir];
  }
  const picked = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    placeHolder: 'Compare which runs?',
  });
  if (picked === undefined) return [];
  if (picked.length < 2) throw new UserError('Two runs are needed to compare.');
  return picked.map(({ dir }) => dir);
}
