/** @file The language client: one server process for all configs of the window. */
import path from 'node:path';
import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  TransportKind,
  type ErrorHandler,
  type LanguageClientOptions,
  type ServerOptions,
} from 'vscode-languageclient/node';
import { nodeEnvironment } from './child';
import { UserError } from './errors';
import { registerPresets } from './presets';

export interface LanguageServer {
  readonly client: LanguageClient;
  dispose(): Promise<void>;
}

/** Starts `dist/server.js`; resolves when the server has answered `initialize`. */
export async function startServer(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
): Promise<LanguageServer> {
  const status = vscode.languages.createLanguageStatusItem('ssm.server', { language: 'ssm-yaml' });
  status.name = 'SSM Studio language server';
  status.text = 'SSM: starting';
  status.busy = true;
  const module = context.asAbsolutePath(path.join('dist', 'server.js'));
  const options = { env: nodeEnvironment() };
  const serverOptions: ServerOptions = {
    run: { module, transport: TransportKind.ipc, options },
    debug: {
      module,
      transport: TransportKind.ipc,
      options: { ...options, execArgv: ['--nolazy', '--inspect=6009'] },
    },
  };
  const clientOptions: LanguageClientOptions = {
    // Files, documents without a file, and folders that are not on disk.
    documentSelector: ['file', 'untitled', 'vscode-vfs'].map((scheme) => ({ scheme, language: 'ssm-yaml' })),
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    synchronize: {
      configurationSection: 'ssm',
      fileEvents: vscode.workspace.createFileSystemWatcher('**/*.ssm.{yaml,yml,json}'),
    },
    initializationOptions: { trusted: vscode.workspace.isTrusted, virtualDocuments: true },
    initializationFailedHandler: () => false,
    errorHandler: restarting(log, () => {
      status.text = 'SSM: the language server keeps ending';
      status.severity = vscode.LanguageStatusSeverity.Error;
    }),
  };
  const client = new LanguageClient('ssm', 'SSM Studio', serverOptions, clientOptions);
  const presets = registerPresets(client);
  // Bases of `extends` that are no files on disk, as in a virtual workspace.
  client.onRequest('ssm/readFile', async ({ uri }: { uri: string }) =>
    new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.parse(uri, true))),
  );
  try {
    const started = performance.now();
    await client.start();
    log.info(`Language server ready in ${Math.round(performance.now() - started)} ms`);
    status.text = 'SSM: ready';
    status.busy = false;
  } catch (error) {
    status.text = 'SSM: the language server did not start';
    status.severity = vscode.LanguageStatusSeverity.Error;
    status.busy = false;
    status.command = { command: 'ssm.showLog', title: 'Show Log' };
    log.error(error instanceof Error ? error : String(error));
    throw new UserError('The language server did not start, so there is no completion.', [
      { title: 'Restart', run: () => vscode.commands.executeCommand('ssm.restartServer') },
    ]);
  }
  return {
    client,
    async dispose() {
      presets.dispose();
      status.dispose();
      await client.dispose(2000);
    },
  };
}

/** How often the server may end within `WINDOW` before it is left alone. */
const RESTARTS = 4;
const WINDOW = 3 * 60_000;

/** Starts the server again when it ends; when it keeps ending, says so once. */
function restarting(log: vscode.LogOutputChannel, onGivenUp: () => void): ErrorHandler {
  let ends: number[] = [];
  return {
    error: () => ({ action: ErrorAction.Continue, handled: true }),
    closed: async () => {
      const now = Date.now();
      ends = [...ends.filter((time) => now - time < WINDOW), now];
      if (ends.length <= RESTARTS) {
        log.warn('The language server ended; it is started again.');
        return { action: CloseAction.Restart, handled: true };
      }
      onGivenUp();
      const restart = 'Restart';
      const show = 'Show Log';
      void vscode.window
        .showErrorMessage('The language server of SSM Studio keeps ending.', restart, show)
        .then((answer) => {
          if (answer === restart) return vscode.commands.executeCommand('ssm.restartServer');
          if (answer === show) log.show();
          return undefined;
        });
      return { action: CloseAction.DoNotRestart, handled: true };
    },
  };
}
