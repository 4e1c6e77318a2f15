/** @file Which run or checkpoint stands beside the one of a Scan panel. */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { RunEntry, RunStore } from '../services';
import { runName } from './run-name';

const CHECKPOINTS = 'checkpoints';

/** A checkpoint's run folder, or the path itself. */
export const runOf = (target: string): string =>
  path.basename(path.dirname(target)) === CHECKPOINTS ? path.dirname(path.dirname(target)) : target;

async function checkpointsOf(dir: string): Promise<string[]> {
  const names = await fs.readdir(path.join(dir, CHECKPOINTS)).catch(() => [] as string[]);
  return names.filter((name) => /^step-\d+$/.test(name)).toSorted();
}

const stepOf = (checkpoint: string): string => Number(checkpoint.replace('step-', '')).toLocaleString('en');

/** Whether a page may ask for it: a run that is known, or one of its checkpoints. */
export async function isOffered(runs: RunStore, own: string, target: string): Promise<boolean> {
  const dir = runOf(target);
  const known = dir === runOf(own) || runs.get(dir) !== undefined;
  if (!known && (await runs.add(dir).catch(() => undefined)) === undefined) return false;
  return fs.stat(target).then(
    () => true,
    () => false,
  );
}

interface Item extends vscode.QuickPickItem {
  readonly target?: string;
  readonly name?: string;
}

/** Asks for a checkpoint of the same run, or a run; those of the same config first. */
export async function pickOther(
  runs: RunStore,
  target: string,
  texts: { readonly placeHolder: string; readonly none: string },
): Promise<{ readonly target: string; readonly name: string } | undefined> {
  const dir = runOf(target);
  const own = runs.get(dir);
  const checkpoints = await checkpointsOf(dir);
  const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const item = (run: RunEntry): Item => ({
    label: run.notes.name ?? runName(run),
    description: [run.status, `step ${run.step.toLocaleString('en')}`].join(' · '),
    target: run.dir,
    name: run.notes.name ?? runName(run),
  });
  const others = runs.runs.filter((run) => run.dir !== dir);
  const related = others.filter((run) => own?.config !== undefined && run.config === own.config);
  const rest = others.filter((run) => !related.includes(run));
  const items: Item[] = [
    ...(checkpoints.length > 0 ? [separator('Checkpoints of this run')] : []),
    ...checkpoints.toReversed().map((checkpoint) => ({
      label: `step ${stepOf(checkpoint)}`,
      target: path.join(dir, CHECKPOINTS, checkpoint),
      name: `step ${stepOf(checkpoint)}`,
    })),
    ...(related.length > 0 ? [separator('Runs of the same config')] : []),
    ...related.map(item),
    ...(rest.length > 0 ? [separator('Other runs')] : []),
    ...rest.map(item),
  ];
  if (items.length === 0) {
    void vscode.window.showInformationMessage(texts.none);
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: texts.placeHolder,
    matchOnDescription: true,
  });
  return picked?.target === undefined
    ? undefined
    : { target: picked.target, name: picked.name ?? picked.label };
}
