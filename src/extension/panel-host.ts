/**
 * @file The door to the panels: their code is loaded with the first panel that is opened or restored. While a
 * restored panel waits for it, the panel says so.
 */
import * as vscode from 'vscode';
import type { PanelServices } from './services';
import type { Studio } from './studio';

const load = () => import('./panels');

/** Panels of an earlier window come back through these. */
export function registerSerializers(studio: Studio): vscode.Disposable {
  const restore = (kind: 'curves' | 'scan' | 'playground'): vscode.WebviewPanelSerializer => ({
    async deserializeWebviewPanel(panel, state) {
      try {
        const services = await panelServices(studio);
        const { createSerializers } = await load();
        await createSerializers(studio.context, services)[kind].deserializeWebviewPanel(panel, state);
      } catch (error) {
        panel.dispose();
        await studio.report(`restoring the ${kind} panel`, error);
      }
    },
  });
  return vscode.Disposable.from(
    vscode.window.registerWebviewPanelSerializer('ssm.curves', restore('curves')),
    vscode.window.registerWebviewPanelSerializer('ssm.scan', restore('scan')),
    vscode.window.registerWebviewPanelSerializer('ssm.playground', restore('playground')),
  );
}

async function panelServices(studio: Studio): Promise<PanelServices> {
  const [manager, { inspect }, { startPlayground }] = await Promise.all([
    studio.runs(),
    import('./inspect'),
    import('./playground'),
  ]);
  return {
    runs: manager.store,
    log: studio.log,
    inspect: (request, token, progress) => inspect(studio.context, studio.log, request, token, progress),
    playground: (target, bits, listener) =>
      startPlayground(studio.context, studio.log, target, bits, listener),
    stop: (dir) => manager.stop(dir),
    resume: async (dir) => {
      await manager.resume(dir);
    },
  };
}

/** Opens or reveals the curves with these runs, the first one focused. */
export async function openCurves(studio: Studio, runs: readonly string[]): Promise<void> {
  const [services, panels] = await Promise.all([panelServices(studio), load()]);
  await panels.openCurves(studio.context, services, runs);
}

/** Opens or reveals the scan of a run or config. */
export async function openScan(
  studio: Studio,
  target: string,
  layer?: number,
  ids?: readonly number[],
): Promise<void> {
  const [services, panels] = await Promise.all([panelServices(studio), load()]);
  await panels.openScan(studio.context, services, {
    target,
    ...(layer === undefined ? {} : { layer }),
    ...(ids === undefined ? {} : { ids }),
  });
}

/** Opens or reveals the scan of a run with the matrices of another one beside its own. */
export async function compareScans(
  studio: Studio,
  target: string,
  beside: { readonly target: string; readonly name: string },
): Promise<void> {
  const [services, panels] = await Promise.all([panelServices(studio), load()]);
  await panels.openScan(studio.context, services, { target, beside });
}

/** Opens or reveals the playground of a run or checkpoint. */
export async function openPlayground(studio: Studio, target: string): Promise<void> {
  const [services, panels] = await Promise.all([panelServices(studio), load()]);
  await panels.openPlayground(studio.context, services, target);
}
