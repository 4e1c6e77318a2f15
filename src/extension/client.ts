/** @file The language client: one server process for all configs of the window. */
import path from 'node:path';
import * as vscode from 'vscode';
import {
  LanguageClient,
  RevealOutputChannelOn,
  TransportKind,
  type LanguageClientOptions,
  type ServerOptions,
} from 'vscode-languageclient/node';
import { nodeEnvironment } from './child';

export interface LanguageServer {
  readonly client: LanguageClient;
  dispose(): Promise<void>;
}

/** Starts `dist/server.js`; resolves when the server has answered `initialize`. */
export async function startServer(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
): Promise<LanguageServer> {
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
    documentSelector: [{ language: 'ssm-yaml' }],
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    synchronize: {
      configurationSection: 'ssm',
      fileEvents: vscode.workspace.createFileSystemWatcher('**/*.ssm.{yaml,yml,json}'),
    },
    initializationOptions: { trusted: vscode.workspace.isTrusted },
  };
  const status = vscode.languages.createLanguageStatusItem('ssm.server', { language: 'ssm-yaml' });
  status.name = 'SSM Studio language server';
  status.text = 'SSM: starting';
  status.busy = true;
  const client = new LanguageClient('ssm', 'SSM Studio', serverOptions, clientOptions);
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
    throw new Error(
      `The language server did not start: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  return {
    client,
    async dispose() {
      status.dispose();
      await client.dispose(2000);
    },
  };
}
