/** @file What people write about runs: names, tags, pins; and runs from elsewhere. */
import * as vscode from 'vscode';
import { tagsFrom, writeNotes, type RunNotes } from '../../runs';
import { UserError } from '../errors';
import { dirsOf, pickRun } from '../runs/pick';
import type { RunEntry } from '../services';
import type { Studio } from '../studio';
import { ensureTrusted } from '../trust';

const anyRun = (placeHolder: string) => ({ fits: () => true, none: 'There are no runs yet.', placeHolder });

/** Changes the notes of a run where that is allowed, and shows it. */
async function note(studio: Studio, dir: string, patch: Partial<RunNotes>): Promise<void> {
  writeNotes(dir, patch);
  await (await studio.runs()).store.refresh(dir);
}

async function chosen(studio: Studio, argument: unknown, placeHolder: string): Promise<RunEntry | undefined> {
  if (!(await ensureTrusted('Changing a run'))) return undefined;
  return pickRun(await studio.runs(), argument, anyRun(placeHolder));
}

export async function renameRun(studio: Studio, argument?: unknown): Promise<void> {
  const run = await chosen(studio, argument, 'Rename which run?');
  if (run === undefined) return;
  const name = await vscode.window.showInputBox({
    title: `Name of ${run.name}`,
    value: run.notes.name ?? '',
    prompt: 'The folder keeps its name. Empty: shown by its time again.',
  });
  if (name === undefined) return;
  await note(studio, run.dir, { name: name.trim() === '' ? undefined : name });
}

export async function tagRun(studio: Studio, argument?: unknown): Promise<void> {
  const run = await chosen(studio, argument, 'Tag which run?');
  if (run === undefined) return;
  const text = await vscode.window.showInputBox({
    title: `Tags of ${run.name}`,
    value: run.notes.tags.join(', '),
    prompt: 'Separated by commas. The filter of the Curves panel finds them.',
  });
  if (text !== undefined) await note(studio, run.dir, { tags: tagsFrom(text) });
}

const pin =
  (pinned: boolean) =>
  async (studio: Studio, argument?: unknown, selection?: unknown): Promise<void> => {
    const several = dirsOf(selection);
    if (several.length > 1) {
      if (!(await ensureTrusted('Changing a run'))) return;
      for (const dir of several) await note(studio, dir, { pinned });
      return;
    }
    const run = await chosen(studio, argument, pinned ? 'Pin which run?' : 'Unpin which run?');
    if (run !== undefined) await note(studio, run.dir, { pinned });
  };

export const pinRun = pin(true);
export const unpinRun = pin(false);

/** Follows a run folder that lies outside of the workspace: copied from elsewhere, or made in a terminal. */
export async function addRun(studio: Studio, argument?: unknown): Promise<void> {
  const manager = await studio.runs();
  const folder =
    argument instanceof vscode.Uri
      ? argument
      : (
          await vscode.window.showOpenDialog({
            canSelectFolders: true,
            canSelectFiles: false,
            openLabel: 'Add Run',
            title: 'Add a run folder: one with a run.json',
          })
        )?.[0];
  if (folder === undefined) return;
  try {
    const run = await manager.store.add(folder.fsPath);
    await vscode.commands.executeCommand('ssm.openCurves', { dir: run.dir });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(`${folder.fsPath} is no run folder: ${why}`);
  }
}
