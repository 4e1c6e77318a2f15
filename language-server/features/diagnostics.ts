/** @file Our diagnostics → the protocol's; what is wrong in a base is shown where the base is named. */
import { DiagnosticSeverity, type Diagnostic as Shown, type Range } from 'vscode-languageserver';
import type { Diagnostic, Related } from '../../src/config';
import { codeAnchor } from '../../src/language';
import type { State } from '../documents';
import { isPreset, virtualPreset } from '../preset-files';

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
} as const;

type Span = Pick<Related, 'line' | 'column' | 'endLine' | 'endColumn'>;

export const rangeOf = (span: Span): Range => ({
  start: { line: span.line - 1, character: span.column - 1 },
  end: { line: span.endLine - 1, character: span.endColumn - 1 },
});

/** @param reference address of the reference page, where the client knows one */
export function shownDiagnostics(state: State, reference?: string): Shown[] {
  const { document, resolved } = state;
  if (isPreset(document.uri)) return [];
  const own = resolved.diagnostics.filter((diagnostic) => diagnostic.file === document.uri);
  const bases = resolved.diagnostics.filter(
    (diagnostic) => diagnostic.file !== document.uri && diagnostic.severity === 'error',
  );
  return [...own.map((diagnostic) => show(diagnostic, reference)), ...fromBases(state, bases)];
}

/** Presets have an address of their own. */
const placeOf = (file: string): string =>
  file.startsWith('preset:') ? virtualPreset(file.slice('preset:'.length)) : file;

function show(diagnostic: Diagnostic, reference: string | undefined): Shown {
  const { severity, code, message, related } = diagnostic;
  return {
    range: rangeOf(diagnostic),
    severity: severities[severity],
    source: 'ssm',
    code,
    message,
    ...(reference === undefined ? {} : { codeDescription: { href: `${reference}#${codeAnchor(code)}` } }),
    ...(related
      ? {
          relatedInformation: related.map((r) => ({
            location: { uri: placeOf(r.file), range: rangeOf(r) },
            message: r.message,
          })),
        }
      : {}),
  };
}

/** One diagnostic at `extends` for all errors further down, each as related information. */
function fromBases({ document, parsed }: State, errors: readonly Diagnostic[]): Shown[] {
  const [first] = errors;
  const entry = parsed.root?.kind === 'map' ? parsed.root.entries.get('extends') : undefined;
  if (!first || !entry) return [];
  const { where } = entry.node;
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return [
    {
      range: { start: document.positionAt(where.start), end: document.positionAt(where.end) },
      severity: DiagnosticSeverity.Error,
      source: 'ssm',
      code: 'base-has-errors',
      message: `The base has an error in line ${first.line}: ${first.message}${rest}`,
      relatedInformation: errors.map((error) => ({
        location: { uri: placeOf(error.file), range: rangeOf(error) },
        message: error.message,
      })),
    },
  ];
}
