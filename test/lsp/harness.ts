/** @file A client of the real server over a pair of streams. */
import { PassThrough } from 'node:stream';
import {
  CompletionRequest,
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DocumentDiagnosticRequest,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  StreamMessageReader,
  StreamMessageWriter,
  type ClientCapabilities,
  type CompletionItem,
  type Diagnostic,
  type Hover,
  type InitializeResult,
  type Position,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver-protocol/node';
import { createConnection, type Connection } from 'vscode-languageserver/node';
import { startServer } from '../../language-server/server';
import type { Language } from '../../src/language';

/** What VS Code says, as far as this server asks. */
export const modern: ClientCapabilities = {
  textDocument: {
    diagnostic: { dynamicRegistration: true },
    completion: { completionItem: { snippetSupport: true } },
  },
};
/** A client without pull diagnostics and snippets. */
export const plain: ClientCapabilities = { textDocument: {} };

export class TestClient {
  readonly pushed: PublishDiagnosticsParams[] = [];
  private version = 1;

  private constructor(
    readonly connection: ProtocolConnection,
    private readonly server: Connection,
    readonly initialized: InitializeResult,
  ) {
    connection.onNotification(PublishDiagnosticsNotification.type, (params) => void this.pushed.push(params));
  }

  static async start(
    capabilities: ClientCapabilities = modern,
    language?: () => Language,
  ): Promise<TestClient> {
    const toServer = new PassThrough();
    const toClient = new PassThrough();
    const server = createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient));
    void startServer(server, language);
    const connection = createProtocolConnection(
      new StreamMessageReader(toClient),
      new StreamMessageWriter(toServer),
    );
    connection.listen();
    const initialized = await connection.sendRequest(InitializeRequest.type, {
      processId: null,
      rootUri: null,
      capabilities,
    });
    await connection.sendNotification(InitializedNotification.type, {});
    return new TestClient(connection, server, initialized);
  }

  async open(text: string, uri = 'file:///configs/a.ssm.yaml'): Promise<string> {
    this.version = 1;
    const textDocument = { uri, languageId: 'ssm-yaml', version: 1, text };
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
    return uri;
  }

  /** One incremental change. */
  async change(uri: string, start: Position, end: Position, text: string): Promise<void> {
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version: ++this.version },
      contentChanges: [{ range: { start, end }, text }],
    });
  }

  async replace(uri: string, text: string): Promise<void> {
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version: ++this.version },
      contentChanges: [{ text }],
    });
  }

  async completion(uri: string, position: Position): Promise<CompletionItem[]> {
    const answer = await this.connection.sendRequest(CompletionRequest.type, {
      textDocument: { uri },
      position,
    });
    return Array.isArray(answer) ? answer : (answer?.items ?? []);
  }

  hover(uri: string, position: Position): Promise<Hover | null> {
    return this.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position });
  }

  async diagnostics(uri: string): Promise<Diagnostic[]> {
    const report = await this.connection.sendRequest(DocumentDiagnosticRequest.type, {
      textDocument: { uri },
    });
    return report.kind === 'full' ? report.items : [];
  }

  async pushedFor(uri: string, accept: (items: Diagnostic[]) => boolean = () => true): Promise<Diagnostic[]> {
    for (let attempt = 0; attempt < 200; attempt++) {
      const last = this.pushed.filter((params) => params.uri === uri).pop();
      if (last && accept(last.diagnostics)) return last.diagnostics;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`no fitting diagnostics were pushed for ${uri}`);
  }

  stop(): void {
    // `exit` would end this process too; closing the streams is enough.
    this.connection.end();
    this.connection.dispose();
    this.server.dispose();
  }
}

/** The text without its `▮`, and where that stood. */
export function atCursor(marked: string): { text: string; position: Position; offset: number } {
  const offset = marked.indexOf('▮');
  if (offset < 0) throw new Error('no ▮ in the text');
  const before = marked.slice(0, offset);
  const line = before.split('\n').length - 1;
  return {
    text: before + marked.slice(offset + 1),
    position: { line, character: offset - (before.lastIndexOf('\n') + 1) },
    offset,
  };
}

/** The text after accepting an item, without snippet marks. */
export function accept(text: string, item: CompletionItem): string {
  const edit = item.textEdit;
  if (!edit || !('range' in edit)) throw new Error('no edit');
  const lines = text.split('\n');
  const { start, end } = edit.range;
  const line = lines[start.line] ?? '';
  const indent = /^\s*/.exec(line)?.[0] ?? '';
  const plainText = edit.newText
    .replace(/\$\{\d+\|([^,|]*)[^}]*\|\}/g, '$1')
    .replace(/\$\{\d+:((?:\\.|[^}\\])*)\}/g, '$1')
    .replace(/\$\d+/g, '')
    .replaceAll('\n', `\n${indent}`);
  lines[start.line] = line.slice(0, start.character) + plainText + line.slice(end.character);
  return lines.join('\n');
}
