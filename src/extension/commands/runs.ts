/** @file Commands about runs: each works from the palette, the tree, the CodeLens and the status bar. */
import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../errors';
import { openCurves as showCurves, openScan as showScan } from '../panel-host';
import { dirOf, pickRun } from '../runs/pick';
import { pickConfig, stemOf, toSource, uriOf, type ConfigSource } from '../runs/source';
import type { RunEntry } from '../services';
import type { Studio } from '../studio';
import { ensureTrusted } from '../trust';
import { checkpointOf } from '../runs/checkpoint';
import { describe } from '../views/runs-tree';

/** Trains the config of the argument, the active editor or a pick, and shows its curves. */
export async function train(studio: Studio, argument?: unknown): Promise<string | undefined> {
  if (!(await ensureTrusted('Training'))) return undefined;
  const uri = await pickConfig(argument);
  return uri === undefined ? undefined : trainUri(studio, uri);
}

async function trainUri(studio: Studio, uri: vscode.Uri): Promise<string | undefined> {
  const source = await toSource(uri, studio.context);
  const manager = await studio.runs();
  const run = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: `Starting ${source.stem}` },
    () => manager.train(source),
  );
  if (source.untitled) tellUntitled(source, run);
  if (vscode.workspace.getConfiguration('ssm').get('runs.openCurves', true))
    await showCurves(studio, [run.dir]);
  return run.dir;
}

function tellUntitled(source: ConfigSource, run: RunEntry): void {
  const open = 'Open Run Folder';
  void vscode.window
    .showInformationMessage(
      `This config has no file. Its run and a copy of the config are in ${vscode.workspace.asRelativePath(run.dir)}.`,
      open,
    )
    .then((answer) =>
      answer === open ? vscode.commands.executeCommand('ssm.openRunFolder', { dir: run.dir }) : undefined,
    );
}

/** Opens the bundled example as a new document and trains it. */
export async function trainExample(studio: Studio): Promise<string | undefined> {
  if (!(await ensureTrusted('Training'))) return undefined;
  const { openTemplate } = await import('./configs');
  const document = await openTemplate(studio.context, 'induction-heads.ssm.yaml');
  return trainUri(studio, document.uri);
}

export async function stop(studio: Studio, argument?: unknown): Promise<void> {
  const manager = await studio.runs();
  const run = await pickRun(manager, argument, {
    fits: ({ status }) => status === 'running',
    none: 'No run is training.',
    placeHolder: 'Stop which run? It saves a checkpoint first.',
  });
  if (run === undefined) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: `Stopping ${run.name}` },
    () => manager.stop(run.dir),
  );
}

export async function resume(studio: Studio, argument?: unknown): Promise<string | undefined> {
  if (!(await ensureTrusted('Resuming'))) return undefined;
  const manager = await studio.runs();
  const run = await pickRun(manager, argument, {
    fits: ({ status }) => status !== 'running' && status !== 'finished',
    none: 'No run to resume: every run is finished or running.',
    placeHolder: 'Resume which run?',
  });
  if (run === undefined) return undefined;
  const resumed = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: `Resuming ${run.name}` },
    () => manager.resume(run.dir),
  );
  return resumed.dir;
}

/** The runs of one config, newest first: those that name it, and those that lie where its runs lie. */
function runsOf(runs: readonly RunEntry[], config: string): string[] {
  const folder = path.join(path.dirname(config), 'runs', stemOf(config));
  return runs
    .filter((run) => run.config === config || path.dirname(run.dir) === folder)
    .map(({ dir }) => dir);
}

export async function openCurves(studio: Studio, argument?: unknown): Promise<void> {
  const { store } = await studio.runs();
  const dir = dirOf(argument);
  if (dir !== undefined) return showCurves(studio, [dir]);
  const active = vscode.window.activeTextEditor?.document;
  const uri = uriOf(argument) ?? (active?.languageId === 'ssm-yaml' ? active.uri : undefined);
  const config = uri?.scheme === 'file' ? uri.fsPath : undefined;
  const own = config === undefined ? [] : runsOf(store.runs, config);
  const newest = store.runs[0];
  if (own.length > 0) return showCurves(studio, own);
  if (newest === undefined) {
    throw new UserError('There are no runs yet. Curves appear when a config is trained.', [
      { title: 'Train', run: () => vscode.commands.executeCommand('ssm.train', argument) },
    ]);
  }
  return showCurves(studio, newest.config === undefined ? [newest.dir] : runsOf(store.runs, newest.config));
}

/** Shows the scan of a run: the argument's, the newest of the config at hand, or a pick. */
export async function inspectScan(studio: Studio, argument?: unknown): Promise<void> {
  if (!(await ensureTrusted('Inspecting'))) return;
  const manager = await studio.runs();
  const layer = layerOf(argument);
  const dir = dirOf(argument) ?? targetOf(argument);
  if (dir !== undefined) return showScan(studio, dir, layer, idsOf(argument));
  const active = vscode.window.activeTextEditor?.document;
  const uri =
    argument === undefined && active?.languageId !== 'ssm-yaml' ? undefined : await pickConfig(argument);
  if (uri !== undefined) {
    const own = runsOf(manager.store.runs, uri.fsPath)[0];
    if (own !== undefined) return showScan(studio, own, layer);
    // Nothing trained yet: the scan of the initial weights.
    const source = await toSource(uri, studio.context);
    return showScan(studio, source.file, layer);
  }
  const run = await pickRun(manager, undefined, {
    fits: () => true,
    none: 'There are no runs yet. Open a config to see the scan of its initial weights, or train one.',
    placeHolder: 'Look into which run?',
  });
  if (run !== undefined) await showScan(studio, run.dir, layer);
}

/** The checkpoint of `{target}` or of a summary. */
function targetOf(argument: unknown): string | undefined {
  const given = argument instanceof vscode.Uri && argument.scheme === 'file';
  return given ? undefined : checkpointOf(argument);
}

/** Tokens to look at, of `{target, ids}`. */
function idsOf(argument: unknown): number[] | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { ids } = argument as { ids?: unknown };
  const fit = Array.isArray(ids) && ids.length > 0 && ids.every((id) => Number.isInteger(id) && id >= 0);
  return fit ? (ids as number[]) : undefined;
}

function layerOf(argument: unknown): number | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { layer } = argument as { layer?: unknown };
  return typeof layer === 'number' && Number.isInteger(layer) && layer >= 0 ? layer : undefined;
}

const anyRun = (placeHolder: string) => ({ fits: () => true, none: 'There are no runs yet.', placeHolder });

export async function openRunFolder(studio: Studio, argument?: unknown): Promise<void> {
  const run = await pickRun(await studio.runs(), argument, anyRun('Open the folder of which run?'));
  if (run === undefined) return;
  const inWorkspace = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(run.dir)) !== undefined;
  const target = vscode.Uri.file(path.join(run.dir, 'run.json'));
  if (inWorkspace) await vscode.commands.executeCommand('revealInExplorer', target);
  else await vscode.commands.executeCommand('revealFileInOS', target);
}

export async function openRunConfig(studio: Studio, argument?: unknown): Promise<void> {
  const run = await pickRun(await studio.runs(), argument, anyRun('Open the config of which run?'));
  if (run !== undefined)
    await vscode.window.showTextDocument(vscode.Uri.file(path.join(run.dir, 'config.ssm.yaml')));
}

export async function copyRunPath(studio: Studio, argument?: unknown): Promise<void> {
  const run = await pickRun(await studio.runs(), argument, anyRun('Copy the path of which run?'));
  if (run !== undefined) await vscode.env.clipboard.writeText(run.dir);
}

export async function refreshRuns(studio: Studio): Promise<void> {
  await (await studio.runs()).store.scan();
}

/** What can be done with the runs that train right now. */
export async function runMenu(studio: Studio): Promise<void> {
  const manager = await studio.runs();
  const run = await pickRun(manager, undefined, {
    fits: ({ status }) => status === 'running',
    none: 'No run is training.',
    placeHolder: 'Which run?',
  });
  if (run === undefined) return;
  const act = (label: string, command: string) => ({ label, command });
  const picked = await vscode.window.showQuickPick(
    [
      act('$(graph-line) Open Curves', 'ssm.openCurves'),
      act('$(beaker) Inspect Scan', 'ssm.inspectScan'),
      act('$(debug-stop) Stop (saves a checkpoint)', 'ssm.stop'),
      act('$(folder-opened) Open Run Folder', 'ssm.openRunFolder'),
      act('$(output) Show Log', 'ssm.showLog'),
    ],
    { placeHolder: `${run.name} · ${describe(run)}` },
  );
  if (picked !== undefined)
    await vscode.commands.executeCommand(picked.command, { kind: 'run', dir: run.dir });
}
