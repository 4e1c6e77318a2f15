/** @file The language server: wires features to a connection. Nothing a client sends may end the process. */
import {
  CodeActionKind,
  DidChangeConfigurationNotification,
  DocumentDiagnosticReportKind,
  TextDocumentSyncKind,
  type CodeActionParams,
  type Connection,
  type DocumentDiagnosticParams,
  type DocumentDiagnosticReport,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { URI } from 'vscode-uri';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { language as builtin, presetDocument, structureOf, type Language } from '../src/language';
import { Documents, type State } from './documents';
import { codeActions } from './features/actions';
import { highlights, prepareRename, references, rename } from './features/anchors';
import { complete } from './features/completion';
import { shownDiagnostics } from './features/diagnostics';
import { format } from './features/formatting';
import { hover } from './features/hover';
import { inlayHints } from './features/inlay';
import { LazyDocs } from './features/lazy-docs';
import { codeLenses } from './features/lens';
import { definition, documentLinks } from './features/navigation';
import { refactorings } from './features/refactor';
import { legend, semanticTokens } from './features/semantic-tokens';
import { structureTree } from './features/model-structure';
import { documentSymbols, foldingRanges, selectionRanges } from './features/structure';
import { presetFile, virtualPreset } from './preset-files';
import { Publisher } from './publisher';
import type { RunsOf } from './runs';
import { readClient, type Client } from './client';

/** Serves a connection; without one, over standard input and output or whatever the command line names. */
export function startServer(
  connection: Connection = createConnection(ProposedFeatures.all),
  language: () => Language = builtin,
  runsOf: RunsOf = () => Promise.resolve([]),
): Promise<void> {
  let client: Client = readClient(undefined);
  const documents = new Documents(language, async (uri) => {
    const text: unknown = await connection.sendRequest('ssm/readFile', { uri });
    if (typeof text !== 'string') throw new Error('the client cannot read it');
    return text;
  });
  const publisher = new Publisher(connection, documents);
  const docs = new LazyDocs(() => client.resolvesDocumentation);

  /** Runs a handler on the state of a document; whatever goes wrong is logged and answered with nothing. */
  const on =
    <P extends { textDocument: { uri: string } }, R>(
      empty: R,
      handle: (state: State, params: P) => R | Promise<R>,
      read: (uri: string) => Promise<State | undefined> = (uri) => documents.state(uri),
    ) =>
    async (params: P): Promise<R> => {
      try {
        const state = await read(params.textDocument.uri);
        return state ? await handle(state, params) : empty;
      } catch (error) {
        connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
        return empty;
      }
    };

  /** For what needs the text alone. A refusal is an answer of its own and passes. */
  const onText =
    <P extends { textDocument: { uri: string } }, R>(
      empty: R,
      handle: (document: TextDocument, params: P) => R,
    ) =>
    (params: P): R => {
      const document = documents.get(params.textDocument.uri);
      return document ? handle(document, params) : empty;
    };

  const presetUri = async (name: string): Promise<string> =>
    client.virtualDocuments ? virtualPreset(name) : presetFile(name, presetDocument(language(), name) ?? '');

  connection.onInitialize((params: InitializeParams) => {
    client = readClient(params);
    publisher.enabled = !client.pullsDiagnostics;
    return capabilities(client);
  });
  connection.onInitialized(() => {
    if (!client.registersConfiguration) return;
    void connection.client
      .register(DidChangeConfigurationNotification.type, { section: 'ssm' })
      .catch(() => undefined);
  });
  connection.onDidChangeConfiguration(({ settings }) => {
    client.configure((settings as { ssm?: unknown } | null)?.ssm);
  });

  connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) => {
    documents.opened(TextDocument.create(uri, languageId, version, text));
    publisher.changed(uri, 0);
  });
  connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) => {
    const document = documents.get(uri);
    if (!document) return;
    documents.set(TextDocument.update(document, contentChanges, version));
    publisher.changed(uri);
  });
  connection.onDidCloseTextDocument(({ textDocument: { uri } }) => {
    documents.close(uri);
    publisher.closed(uri);
  });
  connection.onDidSaveTextDocument(() => documents.forgetAll());
  connection.onDidChangeWatchedFiles(() => {
    documents.forgetAll();
    if (client.refreshesDiagnostics) void connection.languages.diagnostics.refresh().catch(() => undefined);
    publisher.all();
  });

  const nothing: DocumentDiagnosticReport = { kind: DocumentDiagnosticReportKind.Full, items: [] };
  connection.languages.diagnostics.on(
    on<DocumentDiagnosticParams, DocumentDiagnosticReport>(nothing, (state) => ({
      kind: DocumentDiagnosticReportKind.Full,
      items: shownDiagnostics(state, client.reference),
    })),
  );
  connection.onCompletion(
    on(
      [],
      async (state, { position }) => {
        const { snippets, commitCharacters } = client;
        const wanted = { snippets, commitCharacters, document: docs.attach };
        return docs.finish(await complete(state, position, language(), wanted));
      },
      (uri) => documents.recent(uri),
    ),
  );
  connection.onCompletionResolve((item) => docs.resolve(item));
  connection.onHover(
    on(
      null,
      (state, { position }) => hover(state, position, language()) ?? null,
      (uri) => documents.glance(uri),
    ),
  );
  connection.onCodeAction(
    on([], async (state, params: CodeActionParams) => [
      ...codeActions(state, params),
      ...(await refactorings(state, params, documents, language(), client)),
    ]),
  );
  connection.onCodeLens(
    on([], async (state) => {
      if (!client.codeLens) return [];
      const uri = URI.parse(state.document.uri);
      return codeLenses(state, uri.scheme === 'file' ? await runsOf(uri.fsPath).catch(() => []) : []);
    }),
  );
  connection.languages.inlayHint.on(
    on([], (state, { range }) => inlayHints(state, range, client.inlayHints)),
  );
  connection.onDocumentSymbol(on([], documentSymbols));
  connection.onFoldingRanges(on([], foldingRanges));
  connection.onSelectionRanges(on([], (state, { positions }) => selectionRanges(state, positions)));
  connection.onDocumentLinks(on([], (state) => documentLinks(state, documents, language())));
  connection.onDefinition(
    on([], (state, { position }) => definition(state, position, documents, language(), presetUri)),
  );
  connection.onReferences(
    onText([], (document, { position, context }) =>
      references(document, position, context.includeDeclaration),
    ),
  );
  connection.onDocumentHighlight(onText([], (document, { position }) => highlights(document, position)));
  connection.onPrepareRename(onText(null, (document, { position }) => prepareRename(document, position)));
  connection.onRenameRequest(
    onText(null, (document, { position, newName }) => rename(document, position, newName)),
  );
  connection.languages.semanticTokens.on(on({ data: [] }, (state) => semanticTokens(state, language())));
  connection.onDocumentFormatting(on([], format));
  connection.onRequest('ssm/resolvedConfig', (params: { textDocument: { uri: string } }) =>
    on<typeof params, string | null>(null, ({ resolved }) => resolved.text ?? null)(params),
  );

  connection.onRequest('ssm/modelStructure', (params: { textDocument: { uri: string } }) =>
    on<typeof params, unknown>(null, (state) => {
      const { analysis } = state.resolved;
      return analysis ? structureTree(structureOf(analysis), state.document) : null;
    })(params),
  );
  connection.onRequest(
    'ssm/preset',
    ({ name }: { name: string }) => presetDocument(language(), name) ?? null,
  );

  publisher.reference = () => client.reference;
  connection.listen();
  return new Promise((resolve) => connection.onExit(resolve));
}

function capabilities({ pullsDiagnostics }: Client): InitializeResult {
  return {
    serverInfo: { name: 'ssm-studio' },
    capabilities: {
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
      completionProvider: {
        triggerCharacters: [':', ' ', '-', '{', '[', ',', '/', '.', '"', '*'],
        resolveProvider: true,
      },
      hoverProvider: true,
      codeActionProvider: {
        codeActionKinds: [
          CodeActionKind.QuickFix,
          CodeActionKind.SourceFixAll,
          CodeActionKind.RefactorExtract,
          CodeActionKind.RefactorInline,
          CodeActionKind.RefactorRewrite,
          `${CodeActionKind.Source}.sortKeys`,
        ],
      },
      referencesProvider: true,
      documentHighlightProvider: true,
      renameProvider: { prepareProvider: true },
      semanticTokensProvider: { legend, full: true },
      codeLensProvider: {},
      inlayHintProvider: true,
      documentSymbolProvider: true,
      foldingRangeProvider: true,
      selectionRangeProvider: true,
      documentLinkProvider: {},
      definitionProvider: true,
      documentFormattingProvider: true,
      ...(pullsDiagnostics
        ? {
            diagnosticProvider: {
              identifier: 'ssm',
              interFileDependencies: true,
              workspaceDiagnostics: false,
            },
          }
        : {}),
    },
  };
}
