/** @file Opens and reveals the panels. Loaded with the first of them. */
import * as vscode from 'vscode';
import type { PanelServices } from '../services';
import { CurvesPanel, panelKey } from './curves';
import { panelOptions, viewTypes } from './host';
import { PlaygroundPanel } from './playground';
import { ScanPanel, type Beginning } from './scan';

export { createSerializers } from './restore';

const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };

/** Curves of these runs and of all others of their config; one panel per config. No run: all runs. */
export async function openCurves(
  context: vscode.ExtensionContext,
  services: PanelServices,
  runs: readonly string[],
): Promise<vscode.WebviewPanel> {
  await Promise.all(runs.map(async (dir) => services.runs.get(dir) ?? services.runs.add(dir)));
  const key = panelKey(services, runs);
  const known = CurvesPanel.open.get(key);
  if (known) {
    known.reveal(runs);
    return known.panel;
  }
  const panel = vscode.window.createWebviewPanel(viewTypes.curves, 'Curves', beside, panelOptions(context));
  return new CurvesPanel(key, panel, context, services, runs).panel;
}

/** The scan of a run, checkpoint or config; one panel per target. */
export function openScan(
  context: vscode.ExtensionContext,
  services: PanelServices,
  { target, ...beginning }: Beginning & { readonly target: string },
): Promise<vscode.WebviewPanel> {
  const known = ScanPanel.open.get(target);
  if (known) {
    known.reveal(beginning);
    return Promise.resolve(known.panel);
  }
  const panel = vscode.window.createWebviewPanel(viewTypes.scan, 'Scan', beside, panelOptions(context));
  return Promise.resolve(ScanPanel.show(target, panel, context, services, beginning));
}

/** The playground of a run or checkpoint; one panel per target. */
export async function openPlayground(
  context: vscode.ExtensionContext,
  services: PanelServices,
  target: string,
): Promise<vscode.WebviewPanel> {
  const known = PlaygroundPanel.open.get(target);
  if (known) {
    known.reveal();
    return known.panel;
  }
  // A run that nobody follows yet is followed; a checkpoint is no run.
  if (!services.runs.get(target)) await services.runs.add(target).catch(() => undefined);
  const panel = vscode.window.createWebviewPanel(
    viewTypes.playground,
    'Playground',
    vscode.ViewColumn.Active,
    panelOptions(context),
  );
  return PlaygroundPanel.show(target, panel, context, services);
}
