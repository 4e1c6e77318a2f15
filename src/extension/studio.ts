/**
 * @file The extension's parts and when they come to life: log at once, language client with the first config,
 * run store with the first look at runs, panels with the first panel.
 */
import * as vscode from 'vscode';
import { UserError } from './errors';
import { registerSerializers } from './panel-host';
import { ModelTree } from './views/model-tree';
import { RunsTree } from './views/runs-tree';
import type { LanguageServer } from './client';
import type { RunManager } from './runs/manager';

export const languageId = 'ssm-yaml';

export class Studio {
  readonly log: vscode.LogOutputChannel;
  readonly tree: RunsTree;
  #server: Promise<LanguageServer> | undefined;
  #manager: Promise<RunManager> | undefined;

  constructor(readonly context: vscode.ExtensionContext) {
    this.log = vscode.window.createOutputChannel('SSM Studio', { log: true });
    this.tree = new RunsTree(this);
    context.subscriptions.push(this.log);
  }

  /** Registers what listens; loads nothing. */
  start(): void {
    const { context } = this;
    context.subscriptions.push(
      this.tree.register(),
      new ModelTree(this).register(),
      registerSerializers(this),
      vscode.workspace.onDidOpenTextDocument((document) => this.#documentOpened(document)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.runs()),
    );
    for (const document of vscode.workspace.textDocuments) this.#documentOpened(document);
    // Live runs of an earlier window are found again, but only once the editor has settled.
    const timer = setTimeout(() => {
      void this.runs().catch((error: unknown) => this.log.error(String(error)));
      void import('./terminal').then(({ offerCommand }) => offerCommand(context, this.log));
    }, 300);
    context.subscriptions.push(new vscode.Disposable(() => clearTimeout(timer)));
  }

  /** Begins after `activate` has returned: loading the client takes longer than everything before it. */
  #documentOpened(document: vscode.TextDocument): void {
    if (document.languageId !== languageId || this.#server !== undefined) return;
    setTimeout(() => {
      this.server().catch((error: unknown) => this.report('language server', error));
    }, 0);
  }

  /** The language server, started on the first call. */
  server(): Promise<LanguageServer> {
    this.#server ??= import('./client').then(({ startServer }) => startServer(this.context, this.log));
    return this.#server;
  }

  async restartServer(): Promise<void> {
    const old = this.#server;
    this.#server = undefined;
    await old?.then((server) => server.dispose()).catch(() => undefined);
    await this.server();
    vscode.window.setStatusBarMessage('SSM Studio: language server restarted', 3000);
  }

  /** The run manager, created on the first call. */
  runs(): Promise<RunManager> {
    this.#manager ??= import('./runs/manager').then(async ({ RunManager }) => {
      const manager = new RunManager(this);
      this.context.subscriptions.push(manager);
      await manager.start();
      return manager;
    });
    return this.#manager;
  }

  /** Tells the user what went wrong, once, with a way to the log; details go to the log alone. */
  async report(where: string, error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    this.log.error(`${where}: ${error instanceof Error ? (error.stack ?? message) : message}`);
    const actions = error instanceof UserError ? error.actions : [];
    const show = 'Show Log';
    const answer = await vscode.window.showErrorMessage(message, ...actions.map(({ title }) => title), show);
    if (answer === show) this.log.show();
    else await actions.find(({ title }) => title === answer)?.run();
  }

  /** Ends what belongs to this window; runs go on unless the setting says otherwise. */
  async stop(): Promise<void> {
    const manager = await this.#manager?.catch(() => undefined);
    await manager?.windowCloses();
    await this.#server?.then((server) => server.dispose()).catch(() => undefined);
  }
}
