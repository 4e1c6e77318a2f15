/** @file What the client can do and what its user wants. */
import type { InitializeParams } from 'vscode-languageserver';

/** Kinds of inlay hints, each with a setting `ssm.inlayHints.KIND`. */
export const hintKinds = ['shapes', 'parameters', 'state', 'derived', 'totals', 'defaults'] as const;
export type HintKind = (typeof hintKinds)[number];

/** Kinds that are shown only where asked for. */
const quiet: ReadonlySet<HintKind> = new Set(['defaults']);

export interface Client {
  /** The client asks for diagnostics; then none are pushed. */
  readonly pullsDiagnostics: boolean;
  readonly refreshesDiagnostics: boolean;
  readonly registersConfiguration: boolean;
  readonly snippets: boolean;
  readonly commitCharacters: boolean;
  /** The client asks for the documentation of the item that is looked at. */
  readonly resolvesDocumentation: boolean;
  /** Edits may create files. */
  readonly createsFiles: boolean;
  /** Opens documents of our scheme through `ssm/preset`. */
  readonly virtualDocuments: boolean;
  /** Address of the reference page, for links from codes. */
  readonly reference?: string;
  readonly codeLens: boolean;
  /** Empty when hints are switched off. */
  readonly inlayHints: ReadonlySet<HintKind>;
  /** Takes the `ssm` section of the client's settings. */
  configure(settings: unknown): void;
}

export function readClient(params: InitializeParams | undefined): Client {
  const { textDocument, workspace } = params?.capabilities ?? {};
  const options = params?.initializationOptions as
    { reference?: unknown; virtualDocuments?: unknown } | null | undefined;
  const wants = { codeLens: true, inlayHints: wantedHints(undefined) };
  const edits = workspace?.workspaceEdit;
  const item = textDocument?.completion?.completionItem;
  return {
    pullsDiagnostics: textDocument?.diagnostic !== undefined,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport === true,
    registersConfiguration: workspace?.didChangeConfiguration?.dynamicRegistration === true,
    snippets: item?.snippetSupport === true,
    commitCharacters: item?.commitCharactersSupport === true,
    resolvesDocumentation: item?.resolveSupport?.properties.includes('documentation') === true,
    createsFiles: edits?.documentChanges === true && edits.resourceOperations?.includes('create') === true,
    virtualDocuments: options?.virtualDocuments === true,
    ...(typeof options?.reference === 'string' ? { reference: options.reference } : {}),
    get codeLens() {
      return wants.codeLens;
    },
    get inlayHints() {
      return wants.inlayHints;
    },
    configure(settings) {
      wants.codeLens = sectionOf(settings, 'codeLens')['enabled'] !== false;
      wants.inlayHints = wantedHints(settings);
    },
  };
}

/** All kinds that are not switched off; none where hints are. */
function wantedHints(settings: unknown): ReadonlySet<HintKind> {
  const section = sectionOf(settings, 'inlayHints');
  if (section['enabled'] === false) return new Set();
  return new Set(
    hintKinds.filter((kind) => (quiet.has(kind) ? section[kind] === true : section[kind] !== false)),
  );
}

/** `ssm.codeLens` and the like. */
function sectionOf(settings: unknown, section: string): Readonly<Record<string, unknown>> {
  const part = (settings as Record<string, unknown> | null | undefined)?.[section];
  return part !== null && typeof part === 'object' ? (part as Record<string, unknown>) : {};
}
