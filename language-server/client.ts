/** @file What the client can do and what its user wants. */
import type { InitializeParams } from 'vscode-languageserver';

export interface Client {
  /** The client asks for diagnostics; then none are pushed. */
  readonly pullsDiagnostics: boolean;
  readonly refreshesDiagnostics: boolean;
  readonly registersConfiguration: boolean;
  readonly snippets: boolean;
  /** Address of the reference page, for links from codes. */
  readonly reference?: string;
  readonly codeLens: boolean;
  readonly inlayHints: boolean;
  /** Takes the `ssm` section of the client's settings. */
  configure(settings: unknown): void;
}

export function readClient(params: InitializeParams | undefined): Client {
  const { textDocument, workspace } = params?.capabilities ?? {};
  const options = params?.initializationOptions as { reference?: unknown } | null | undefined;
  const wants = { codeLens: true, inlayHints: true };
  return {
    pullsDiagnostics: textDocument?.diagnostic !== undefined,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport === true,
    registersConfiguration: workspace?.didChangeConfiguration?.dynamicRegistration === true,
    snippets: textDocument?.completion?.completionItem?.snippetSupport === true,
    ...(typeof options?.reference === 'string' ? { reference: options.reference } : {}),
    get codeLens() {
      return wants.codeLens;
    },
    get inlayHints() {
      return wants.inlayHints;
    },
    configure(settings) {
      wants.codeLens = isEnabled(settings, 'codeLens');
      wants.inlayHints = isEnabled(settings, 'inlayHints');
    },
  };
}

/** `ssm.codeLens.enabled` and the like; on unless switched off. */
function isEnabled(settings: unknown, section: string): boolean {
  const part = (settings as Record<string, { enabled?: unknown } | undefined> | null | undefined)?.[section];
  return part?.enabled !== false;
}
