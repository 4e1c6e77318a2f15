/** @file What `check` prints. */
import type { Diagnostic } from '../config';

/** `file:line:column: severity: message (code)`, one per line, as compilers do, and a summary. */
export function formatText(diagnostics: readonly Diagnostic[], files: readonly string[]): string {
  const lines = diagnostics.flatMap((d) => [
    `${d.file}:${d.line}:${d.column}: ${d.severity}: ${d.message} (${d.code})`,
    ...(d.related ?? []).map((r) => `  ${r.file}:${r.line}:${r.column}: ${r.message}`),
  ]);
  const errors = diagnostics.filter((d) => d.severity === 'error').length;
  const warnings = diagnostics.filter((d) => d.severity === 'warning').length;
  const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
  const verdict =
    errors + warnings === 0 ? 'no problems' : `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
  return [...lines, `${count(files.length, 'file')} checked: ${verdict}.`, ''].join('\n');
}

/** A JSON array without what only editors need. */
export function formatJson(diagnostics: readonly Diagnostic[]): string {
  return `${JSON.stringify(
    diagnostics.map(({ fix: _fix, ...printed }) => printed),
    null,
    2,
  )}\n`;
}
