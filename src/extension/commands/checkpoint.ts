/**
 * @file *Open Checkpoint…*: what a folder or file of somebody's weights is, as a document that never touches the disk,
 * and what can be done with it. The files are read in a process of their own.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import { summaryText } from '../../cli/summary';
import type { CheckpointSummary } from '../../runtime/checkpoint';
import { runCli } from '../child';
import { UserError } from '../errors';
import { CHECKPOINT_SCHEME, checkpointOf, summaryUri } from '../runs/checkpoint';
import { dirOf } from '../runs/pick';
import type { Studio } from '../studio';
import { fineTuneText } from './fine-tune-text';

/** What is known of the summaries that are shown, by address. */
const shown = new Map<string, CheckpointSummary>();
let registered = false;

/** @param argument a file or folder, from a menu or dropped; asked for otherwise */
export async function openCheckpoint(studio: Studio, argument?: unknown): Promise<void> {
  const target = checkpointOf(argument) ?? (await ask());
  if (target === undefined) return;
  const summary = await summaryOf(studio, target);
  if (!registered) {
    registered = true;
    studio.context.subscriptions.push(
      vscode.workspace.registerTextDocumentContentProvider(CHECKPOINT_SCHEME, {
        provideTextDocumentContent: (asked) => {
          const known = shown.get(asked.toString());
          return known ? summaryText(known) : '';
        },
      }),
      vscode.languages.registerCodeLensProvider({ scheme: CHECKPOINT_SCHEME }, { provideCodeLenses }),
    );
  }
  const uri = summaryUri(target);
  shown.set(uri.toString(), summary);
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.languages.setTextDocumentLanguage(document, 'yaml');
  await vscode.window.showTextDocument(document, { preview: false });
}

async function summaryOf(studio: Studio, target: string): Promise<CheckpointSummary> {
  const name = path.basename(target);
  const { code, stdout, stderr } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Opening ${name}`, cancellable: true },
    (_, token) => runCli(studio.context, ['info', target, '--json'], { token }),
  );
  if (code !== 0) throw new UserError(stderr.trim().replace(/^error: /, ''));
  return JSON.parse(stdout) as CheckpointSummary;
}

/** What can be done, above the summary's first line. */
function provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
  const summary = shown.get(uri.toString());
  if (!summary || summary.problems.length > 0) return [];
  const lens = (title: string, command: string): vscode.CodeLens =>
    new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), { title, command, arguments: [uri] });
  return [
    ...(summary.state_bytes === undefined ? [] : [lens('$(comment) Playground', 'ssm.openPlayground')]),
    lens('$(beaker) Inspect Scan', 'ssm.inspectScan'),
    lens('$(wrench) Fine-Tune…', 'ssm.fineTune'),
  ];
}

/** A new config that trains on from a checkpoint or run, with everything that has to be said filled in. */
export async function fineTune(studio: Studio, argument?: unknown): Promise<void> {
  const target = dirOf(argument) ?? checkpointOf(argument) ?? (await ask());
  if (target === undefined) return;
  const summary = await summaryOf(studio, target);
  if (summary.problems.length > 0)
    throw new UserError(`It cannot be trained on: ${summary.problems[0]}`, [
      { title: 'Show Summary', run: () => openCheckpoint(studio, { target }) },
    ]);
  const { showUntitled } = await import('./configs');
  const name = path.basename(summary.path).replace(/\.gguf$/, '');
  await showUntitled(`${name}-tuned.ssm.yaml`, fineTuneText(summary));
}

async function ask(): Promise<string | undefined> {
  const found = await vscode.window.showOpenDialog({
    title: 'Open Checkpoint',
    openLabel: 'Open',
    canSelectFiles: true,
    canSelectFolders: true,
    filters: { Checkpoints: ['safetensors', 'gguf', 'bin'], 'All files': ['*'] },
  });
  return found?.[0]?.fsPath;
}
