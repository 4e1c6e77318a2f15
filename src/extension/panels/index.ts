/** @file Opens, reveals and restores the panels. Loaded with the first of them. */
import * as vscode from 'vscode';
import { curvesStateSchema } from '../../protocol/view-curves';
import { playgroundStateSchema } from '../../protocol/view-playground';
import { scanStateSchema } from '../../protocol/view-scan';
import type { PanelServices } from '../services';
import { CurvesPanel, panelKey } from './curves';
import { panelOptions, type Bundle } from './host';
import { PlaygroundPanel } from './playground';
import { ScanPanel, type Beside } from './scan';

export const curvesViewType = 'ssm.curves';
export const scanViewType = 'ssm.scan';
export const playgroundViewType = 'ssm.playground';

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
  const panel = vscode.window.createWebviewPanel(curvesViewType, 'Curves', beside, panelOptions(context));
  return new CurvesPanel(key, panel, context, services, runs).panel;
}

/** The scan of a run, checkpoint or config; one panel per target. */
export function openScan(
  context: vscode.ExtensionContext,
  services: PanelServices,
  {
    target,
    layer,
    ids,
    beside: other,
  }: {
    readonly target: string;
    readonly layer?: number;
    readonly ids?: readonly number[];
    /** A run whose matrices stand beside those of the target. */
    readonly beside?: Beside;
  },
): Promise<vscode.WebviewPanel> {
  const known = ScanPanel.open.get(target);
  if (known) {
    known.reveal(layer, ids, other);
    return Promise.resolve(known.panel);
  }
  const panel = vscode.window.createWebviewPanel(scanViewType, 'Scan', beside, panelOptions(context));
  return Promise.resolve(ScanPanel.show(target, panel, context, services, layer, ids, other));
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
    playgroundViewType,
    'Playground',
    vscode.ViewColumn.Active,
    panelOptions(context),
  );
  return PlaygroundPanel.show(target, panel, context, services);
}

/** Panels of an earlier window: the page restores its view by itself, the host its runs. */
export function createSerializers(
  context: vscode.ExtensionContext,
  getServices: () => PanelServices,
): Record<Bundle, vscode.WebviewPanelSerializer> {
  return {
    curves: {
      async deserializeWebviewPanel(panel, raw) {
        const services = getServices();
        const state = curvesStateSchema.safeParse(raw);
        const key = state.success ? state.data.panel : 'all';
        if (CurvesPanel.open.has(key)) {
          panel.dispose();
          return;
        }
        const found: string[] = [];
        for (const dir of state.success ? state.data.runs : []) {
          const entry = services.runs.get(dir) ?? (await services.runs.add(dir).catch(() => undefined));
          if (entry) found.push(dir);
          else services.log.info(`A run of the restored curves is gone: ${dir}`);
        }
        // No focus of our own: the page remembers it.
        new CurvesPanel(key, panel, context, services, found).restored();
      },
    },
    scan: {
      async deserializeWebviewPanel(panel, raw) {
        const state = scanStateSchema.safeParse(raw);
        if (!state.success || ScanPanel.open.has(state.data.target)) {
          panel.dispose();
          return;
        }
        const services = getServices();
        const { target } = state.data;
        const isConfig = /\.ssm\.(ya?ml|json)$/.test(target);
        if (!isConfig && !services.runs.get(target)) await services.runs.add(target).catch(() => undefined);
        ScanPanel.show(target, panel, context, services, undefined);
      },
    },
    playground: {
      async deserializeWebviewPanel(panel, raw) {
        const state = playgroundStateSchema.safeParse(raw);
        if (!state.success || PlaygroundPanel.open.has(state.data.target)) {
          panel.dispose();
          return;
        }
        const services = getServices();
        const { target } = state.data;
        if (!services.runs.get(target)) await services.runs.add(target).catch(() => undefined);
        PlaygroundPanel.show(target, panel, context, services);
      },
    },
  };
}
