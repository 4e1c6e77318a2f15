/** @file What is reported about a config: a range, a stable code and a sentence. */
import { position, type Where } from './source';

export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** Another place that explains a diagnostic, for example the base file's line. */
export interface Related {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly message: string;
}

/** A text edit that repairs what is reported. Offsets refer to the diagnostic's own file. */
export interface Fix {
  readonly title: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** As `check --format json` prints it; lines and columns from 1, ends exclusive. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: Severity;
  /** Stable, see the table of codes. */
  readonly code: string;
  readonly message: string;
  /** The text that should stand at the range, where there is an obvious one. */
  readonly suggestion?: string;
  readonly related?: readonly Related[];
  /** For editors; not printed. */
  readonly fix?: Fix;
}

export interface Extra {
  readonly suggestion?: string;
  readonly related?: readonly { where: Where; message: string }[];
  readonly fix?: Fix;
}

function span(where: Where): Pick<Diagnostic, 'file' | 'line' | 'column' | 'endLine' | 'endColumn'> {
  const start = position(where.source, where.start);
  const end = position(where.source, Math.max(where.start, where.end));
  return {
    file: where.source.file,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
  };
}

export function diagnose(
  where: Where,
  severity: Severity,
  code: string,
  message: string,
  extra: Extra = {},
): Diagnostic {
  const { suggestion, related, fix } = extra;
  const replace: Fix | undefined =
    fix ??
    (suggestion === undefined
      ? undefined
      : { title: `Change to \`${suggestion}\``, start: where.start, end: where.end, text: suggestion });
  return {
    ...span(where),
    severity,
    code,
    message,
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(related?.length ? { related: related.map((r) => ({ ...span(r.where), message: r.message })) } : {}),
    ...(replace ? { fix: replace } : {}),
  };
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((diagnostic) => diagnostic.severity === 'error');

/** By file in the order given, then by position; the same report twice is said once. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  const unique = diagnostics.filter((d) => {
    const key = `${d.file}\0${d.line}\0${d.column}\0${d.code}\0${d.message}`;
    return !seen.has(key) && seen.add(key);
  });
  const files = new Map<string, number>();
  for (const d of unique) if (!files.has(d.file)) files.set(d.file, files.size);
  const rank = (d: Diagnostic): number => files.get(d.file) ?? 0;
  return unique.sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}
