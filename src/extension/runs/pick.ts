/** @file Which run a command means: its argument, else the only one that fits, else a quick pick. */
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { describe, runLabel } from '../views/runs-tree';
import { UserError } from '../errors';
import type { RunEntry } from '../services';
import type { RunManager } from './manager';

export interface PickOptions {
  readonly fits: (run: RunEntry) => boolean;
  /** Said when no run fits, for example "No run is training." */
  readonly none: string;
  readonly placeHolder: string;
}

/** The run folder of a tree item, of `{dir}` or of a path; undefined when the argument names none. */
export function dirOf(argument: unknown): string | undefined {
  if (typeof argument === 'string') return isRun(argument) ? argument : undefined;
  if (typeof argument !== 'object' || argument === null || argument instanceof vscode.Uri) return undefined;
  const { dir } = argument as { dir?: unknown };
  return typeof dir === 'string' ? dir : undefined;
}

/** The run folders of all selected tree items. */
export function dirsOf(selection: unknown): string[] {
  if (!Array.isArray(selection)) return [];
  return selection.flatMap((item: unknown) => dirOf(item) ?? []);
}

const isRun = (dir: string): boolean => path.isAbsolute(dir) && fs.existsSync(path.join(dir, 'run.json'));

export async function pickRun(
  manager: RunManager,
  argument: unknown,
  { fits, none, placeHolder }: PickOptions,
): Promise<RunEntry | undefined> {
  const dir = dirOf(argument);
  if (dir !== undefined) return manager.store.add(dir);
  await manager.store.refreshLive();
  const runs = manager.store.runs.filter(fits);
  if (runs.length === 0) throw new UserError(none);
  if (runs.length === 1) return runs[0];
  const items = runs.map(runItem);
  const picked = await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true });
  return picked?.run;
}

/** A run in a quick pick. */
export const runItem = (run: RunEntry) => ({
  label: run.name.split('/')[0] ?? run.name,
  description: `${runLabel(run.dir)} · ${run.status}`,
  detail: describe(run),
  run,
});
