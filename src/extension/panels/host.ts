/** @file What all panels need from the editor: page, saving, copying, checked messages. */
import * as vscode from 'vscode';
import type * as z from 'zod';
import { readMessage, type copySchema, type exportSchema, type panelErrorSchema } from '../../protocol/view';
import type { PanelServices } from '../services';
import { makeNonce, panelPage } from './html';

export type Bundle = 'curves' | 'scan' | 'playground';
const titles: Record<Bundle, string> = { curves: 'Curves', scan: 'Scan', playground: 'Playground' };

type Common = z.output<typeof exportSchema> | z.output<typeof copySchema> | z.output<typeof panelErrorSchema>;

export function panelOptions(
  context: vscode.ExtensionContext,
): vscode.WebviewOptions & vscode.WebviewPanelOptions {
  return {
    enableScripts: true,
    enableForms: false,
    enableFindWidget: true,
    localResourceRoots: [vscode.Uri.joinPath(context.extensionUri, 'dist', 'media')],
  };
}

/** Milliseconds after which a page that is seen and says nothing is loaded again, and how often. */
const SILENT_MS = 4000;
const TRIES = 6;

/**
 * Fills a panel with its page. Editors in a browser sometimes start a page before they serve its script, where two
 * panels are restored at once: such a page says nothing and would stay empty, so it is loaded again.
 */
export function showPage(
  context: vscode.ExtensionContext,
  panel: vscode.WebviewPanel,
  bundle: Bundle,
  key: string,
): void {
  const { webview } = panel;
  const at = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(context.extensionUri, 'dist', 'media', name)).toString();
  const load = (): void => {
    webview.html = panelPage({
      title: titles[bundle],
      script: at(`${bundle}.js`),
      style: at(`${bundle}.css`),
      cspSource: webview.cspSource,
      nonce: makeNonce(),
      panel: key,
    });
  };
  webview.options = panelOptions(context);
  load();
  let seen = 0;
  const watch = setInterval(() => {
    // A page that is not seen is not loaded either.
    if (!panel.visible) return;
    if (seen++ < TRIES) load();
    else end();
  }, SILENT_MS);
  const end = (): void => {
    clearInterval(watch);
    first.dispose();
    closed.dispose();
  };
  const first = webview.onDidReceiveMessage(end);
  const closed = panel.onDidDispose(end);
}

/** Icon of a panel's tab; written by the bundler beside the script. */
export function panelIcon(
  context: vscode.ExtensionContext,
  bundle: Bundle,
): { light: vscode.Uri; dark: vscode.Uri } {
  const at = (name: string): vscode.Uri => vscode.Uri.joinPath(context.extensionUri, 'dist', 'media', name);
  return { light: at(`${bundle}-light.svg`), dark: at(`${bundle}-dark.svg`) };
}

/** Handles messages of the panel that fit the schema; others are logged and dropped. */
export function listen<T extends { type: string }>(
  webview: vscode.Webview,
  schema: z.ZodType<T | Common>,
  services: PanelServices,
  handle: (message: Exclude<T, Common>) => void | Promise<void>,
): vscode.Disposable {
  return webview.onDidReceiveMessage((raw: unknown) => {
    const read = readMessage(schema, raw);
    if (read.problem !== undefined) {
      services.log.warn(`A message of a panel was not understood: ${read.problem}`);
      return;
    }
    const { message } = read;
    const done =
      message.type === 'export'
        ? save(message as z.output<typeof exportSchema>)
        : message.type === 'copy'
          ? Promise.resolve(vscode.env.clipboard.writeText((message as z.output<typeof copySchema>).text))
          : message.type === 'error'
            ? services.log.error(`panel: ${(message as z.output<typeof panelErrorSchema>).message}`)
            : handle(message as Exclude<T, Common>);
    Promise.resolve(done).catch((error: unknown) => failed(services, error));
  });
}

export function failed(services: PanelServices, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  services.log.error(`panel: ${error instanceof Error ? (error.stack ?? message) : message}`);
  void vscode.window.showErrorMessage(message);
}

const filters: Record<z.output<typeof exportSchema>['kind'], Record<string, string[]>> = {
  png: { 'PNG picture': ['png'] },
  svg: { 'SVG figure': ['svg'] },
  csv: { 'CSV table': ['csv'] },
  json: { JSON: ['json'] },
  md: { Markdown: ['md'] },
};

async function save(file: z.output<typeof exportSchema>): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({
    filters: filters[file.kind],
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, file.name) } : {}),
  });
  if (!uri) return;
  const bytes = typeof file.data === 'string' ? new TextEncoder().encode(file.data) : file.data;
  await vscode.workspace.fs.writeFile(uri, bytes);
  const name = uri.path.split('/').at(-1);
  vscode.window.setStatusBarMessage(`Saved ${name}`, 4000);
}
