/** @file Panels of an earlier window: the page restores its view by itself, the host what the page is about. */
import * as vscode from 'vscode';
import { curvesStateSchema } from '../../protocol/view-curves';
import { playgroundStateSchema } from '../../protocol/view-playground';
import { scanStateSchema } from '../../protocol/view-scan';
import type { PanelServices } from '../services';
import { CurvesPanel } from './curves';
import { failed, panelOptions, viewTypes, type Bundle } from './host';
import { PlaygroundPanel } from './playground';
import { ScanPanel } from './scan';
import { whenSilent } from './silence';

/** Milliseconds after which a page that is seen and says nothing gives way to another; later ones have longer. */
const PATIENCE_MS = [5000, 10_000, 20_000];

type Fill = (panel: vscode.WebviewPanel, saved: unknown) => Promise<void>;

export function createSerializers(
  context: vscode.ExtensionContext,
  services: PanelServices,
): Record<Bundle, vscode.WebviewPanelSerializer> {
  const follow = async (dir: string): Promise<boolean> =>
    (services.runs.get(dir) ?? (await services.runs.add(dir).catch(() => undefined))) !== undefined;

  const fills: Record<Bundle, Fill> = {
    async curves(panel, saved) {
      const state = curvesStateSchema.safeParse(saved);
      const key = state.success ? state.data.panel : 'all';
      if (CurvesPanel.open.has(key)) return void panel.dispose();
      const found: string[] = [];
      for (const dir of state.success ? state.data.runs : []) {
        if (await follow(dir)) found.push(dir);
        else services.log.info(`A run of the restored curves is gone: ${dir}`);
      }
      // No focus of our own: the page remembers it.
      new CurvesPanel(key, panel, context, services, found, saved).restored();
    },
    async scan(panel, saved) {
      const state = scanStateSchema.safeParse(saved);
      if (!state.success || ScanPanel.open.has(state.data.target)) return void panel.dispose();
      const { target } = state.data;
      if (!/\.ssm\.(ya?ml|json)$/.test(target)) await follow(target);
      ScanPanel.show(target, panel, context, services, { saved });
    },
    async playground(panel, saved) {
      const state = playgroundStateSchema.safeParse(saved);
      if (!state.success || PlaygroundPanel.open.has(state.data.target)) return void panel.dispose();
      const { target } = state.data;
      await follow(target);
      PlaygroundPanel.show(target, panel, context, services, saved);
    },
  };

  /**
   * Editors in a browser may restore a panel whose page they never serve, however often it is set; a new panel in its
   * place is served at once.
   */
  const restore = async (
    bundle: Bundle,
    panel: vscode.WebviewPanel,
    saved: unknown,
    [patience, ...later]: readonly number[],
  ): Promise<void> => {
    if (patience !== undefined) {
      whenSilent(panel, patience, () => {
        services.log.warn(
          `The page of ${panel.title} did not come in ${patience} ms: a new panel replaces it.`,
        );
        const next = vscode.window.createWebviewPanel(
          viewTypes[bundle],
          panel.title,
          { viewColumn: panel.viewColumn ?? vscode.ViewColumn.Active, preserveFocus: !panel.active },
          panelOptions(context),
        );
        panel.dispose();
        restore(bundle, next, saved, later).catch((error: unknown) => failed(services, error));
      });
    }
    await fills[bundle](panel, saved);
  };

  const serializer = (bundle: Bundle): vscode.WebviewPanelSerializer => ({
    deserializeWebviewPanel: (panel, saved) => restore(bundle, panel, saved, PATIENCE_MS),
  });
  return { curves: serializer('curves'), scan: serializer('scan'), playground: serializer('playground') };
}
