/** @file *Open Playground*: the language model of a run or a checkpoint, to continue texts with. */
import * as vscode from 'vscode';
import { openPlayground as showPlayground } from '../panel-host';
import { dirOf, runItem } from '../runs/pick';
import type { Studio } from '../studio';
import { ensureTrusted } from '../trust';
import { isLanguageModel } from '../views/runs-tree';
import { checkpointOf } from '../runs/checkpoint';

/** @param argument a run of the tree, the address of a checkpoint or of its summary, `{target}`; else asked for */
export async function openPlayground(studio: Studio, argument?: unknown): Promise<void> {
  if (!(await ensureTrusted('The playground'))) return;
  const target = dirOf(argument) ?? checkpointOf(argument) ?? (await ask(studio));
  if (target !== undefined) await showPlayground(studio, target);
}

/** A run, or the way to a checkpoint. */
async function ask(studio: Studio): Promise<string | undefined> {
  const { store } = await studio.runs();
  await store.refreshLive();
  const checkpoint = {
    label: '$(package) Open Checkpoint…',
    detail: 'A folder or file of somebody’s weights',
  };
  const items: (vscode.QuickPickItem & { readonly run?: { readonly dir: string } })[] = [
    ...store.runs.filter(isLanguageModel).map(runItem),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    checkpoint,
  ];
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: 'Continue texts with the language model of which run?',
    matchOnDescription: true,
  });
  if (picked === checkpoint) await vscode.commands.executeCommand('ssm.openCheckpoint');
  return picked?.run?.dir;
}
