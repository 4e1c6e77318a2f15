/** @file What all panels need from the editor: page, saving, copying, checked messages. */
import * as vscode from 'vscode';
import type * as z from 'zod';
import { readMessage, type copySchema, type exportSchema, type panelErrorSchema } from '../../protocol/view';
import type { PanelServices } from '../services';
import { makeNonce, panelPage } from './html';

export type Bundle = 'curves' | 'scan' | 'playground';
/** By which the editor knows them, also in the manifest. */
export const viewTypes: Record<Bundle, string> = {
  curves: 'ssm.curves',
  scan: 'ssm.scan',
  playground: 'ssm.playground',
};
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

/**
 * Fills a panel with its page.
 * @param key which panel this is
 * @param saved what an earlier page of it had saved, for a page whose editor does not remember it
 */
export function showPage(
  context: vscode.ExtensionContext,
  { webview }: vscode.WebviewPanel,
  bundle: Bundle,
  key: string,
  saved?: unknown,
): void {
  const at = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(context.extensionUri, 'dist', 'media', name)).toString();
  webview.options = panelOptions(context);
  webview.html = panelPage({
    title: titles[bundle],
    script: at(`${bundle}.js`),
    style: at(`${bundle}.css`),
    cspSource: webview.cspSource,
    nonce: makeNonce(),
    panel: key,
    saved,
  });
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
