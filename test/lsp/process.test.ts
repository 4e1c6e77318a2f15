/** @file The server as a process of its own, over its standard streams. */
import * as assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as path from 'node:path';
import {
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver-protocol/node';

const entry = path.resolve(__dirname, '../../language-server/main.ts');

describe('the server process', () => {
  it('starts, publishes to a plain client and ends with code 0 when told', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', entry, '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    try {
      const connection = createProtocolConnection(
        new StreamMessageReader(child.stdout),
        new StreamMessageWriter(child.stdin),
      );
      connection.listen();
      const published = new Promise<PublishDiagnosticsParams>((resolve) => {
        connection.onNotification(PublishDiagnosticsNotification.type, resolve);
      });
      await connection.sendRequest(InitializeRequest.type, {
        processId: process.pid,
        rootUri: null,
        capabilities: {},
      });
      await connection.sendNotification(InitializedNotification.type, {});
      const uri = 'file:///nowhere/a.ssm.yaml';
      const text = 'data: induction-heads\nmodel:\n  d_model: 32\n  layers: [{mixer: mambo}]\n';
      await connection.sendNotification(DidOpenTextDocumentNotification.type, {
        textDocument: { uri, languageId: 'ssm-yaml', version: 1, text },
      });
      const { diagnostics } = await published;
      assert.deepEqual(
        diagnostics.map(({ code, range }) => [code, range.start.line]),
        [['unknown-value', 3]],
      );
      await connection.sendRequest(ShutdownRequest.type);
      await connection.sendNotification(ExitNotification.type);
      assert.equal(await ended, 0);
      connection.dispose();
    } finally {
      child.kill();
    }
  }).timeout(30_000);
});
