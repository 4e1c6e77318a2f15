/** @file Deleting runs, with a way back: a folder is first put aside under a hidden name, and then to the trash. */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../errors';
import { dirsOf, pickRun } from '../runs/pick';
import type { RunManager } from '../runs/manager';
import type { Studio } from '../studio';
import { ensureTrusted } from '../trust';

/** Hidden names are not looked at by anything that lists runs. */
const mark = '.deleted-';

interface Aside {
  readonly dir: string;
  readonly hidden: string;
}

export async function deleteRun(studio: Studio, argument?: unknown, selection?: unknown): Promise<void> {
  if (!(await ensureTrusted('Deleting a run'))) return;
  const manager = await studio.runs();
  const chosen = dirsOf(selection);
  const dirs = chosen.length > 1 ? chosen : await one(manager, argument);
  if (dirs.length === 0) return;
  await manager.store.refreshLive();
  const live = dirs.map((dir) => manager.store.get(dir)).find((run) => run?.status === 'running');
  if (live) throw new UserError(`${live.name} is training. Stop it first.`);
  const aside: Aside[] = [];
  for (const dir of dirs) aside.push(await putAside(manager, dir));
  const undo = 'Undo';
  const [first] = dirs;
  const what = dirs.length === 1 ? path.basename(first ?? '') : `${dirs.length} runs`;
  const answer = await vscode.window.showInformationMessage(`Deleted ${what}.`, undo);
  for (const entry of aside) {
    if (answer === undo) await putBack(manager, entry);
    else await moveToTrash(entry.hidden);
  }
}

async function one(manager: RunManager, argument: unknown): Promise<string[]> {
  const run = await pickRun(manager, argument, {
    fits: ({ status }) => status !== 'running',
    none: 'There is no run that could be deleted.',
    placeHolder: 'Delete which run?',
  });
  return run === undefined ? [] : [run.dir];
}

async function putAside(manager: RunManager, dir: string): Promise<Aside> {
  const hidden = path.join(path.dirname(dir), `${mark}${path.basename(dir)}`);
  try {
    await fs.rename(dir, hidden);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(`${path.basename(dir)} could not be deleted: ${why}`);
  }
  await manager.store.refresh(dir);
  return { dir, hidden };
}

async function putBack(manager: RunManager, { dir, hidden }: Aside): Promise<void> {
  await fs.rename(hidden, dir);
  await manager.store.refresh(dir);
}

async function moveToTrash(dir: string): Promise<void> {
  const uri = vscode.Uri.file(dir);
  try {
    await vscode.workspace.fs.delete(uri, { recursive: true, useTrash: true });
  } catch {
    // Remote file systems have no trash.
    const confirm = 'Delete Permanently';
    const answer = await vscode.window.showWarningMessage(
      'This file system has no trash.',
      { modal: true, detail: `${dir} would be deleted for good; otherwise it stays there.` },
      confirm,
    );
    if (answer === confirm) await fs.rm(dir, { recursive: true });
  }
}
