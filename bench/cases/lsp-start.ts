/** @file From starting the language server's process to the first diagnostics of a config of 1,000 lines. */
import { spawn } from 'node:child_process';
import {
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  DocumentDiagnosticRequest,
  InitializedNotification,
  InitializeRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import { timed, type BenchCase } from '../harness';
import { largeConfig } from './lsp';

const uri = 'file:///nowhere/large.ssm.yaml';

async function firstDiagnostics(): Promise<void> {
  const program = process.argv[1];
  if (program === undefined) throw new Error('The program to start is not known.');
  const child = spawn(process.execPath, [...process.execArgv, program, 'lsp', '--stdio'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  try {
    connection.listen();
    const capabilities = { textDocument: { diagnostic: {} } };
    await connection.sendRequest(InitializeRequest.type, { processId: null, rootUri: null, capabilities });
    await connection.sendNotification(InitializedNotification.type, {});
    await connection.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId: 'ssm-yaml', version: 1, text: largeConfig() },
    });
    await connection.sendRequest(DocumentDiagnosticRequest.type, { textDocument: { uri } });
  } finally {
    connection.dispose();
    child.kill();
  }
}

export const lspColdStart: BenchCase = {
  name: 'lsp/cold-start',
  about: 'process start to the first diagnostics of 1,000 lines (to stay below 400 ms)',
  repetitions: 15,
  ours: () =>
    Promise.resolve({ name: 'ours', run: () => timed(firstDiagnostics), close: () => Promise.resolve() }),
};
