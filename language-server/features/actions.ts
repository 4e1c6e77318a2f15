/** @file Quick fixes: every diagnostic that knows its repair offers it, preferred; and all of them at once. */
import { CodeActionKind, type CodeAction, type CodeActionParams, type TextEdit } from 'vscode-languageserver';
import type { Diagnostic, Fix } from '../../src/config';
import type { State } from '../documents';
import { rangeOf } from './diagnostics';

export function codeActions(state: State, { range, context }: CodeActionParams): CodeAction[] {
  const { document, resolved } = state;
  const wants = (kind: string): boolean =>
    !context.only || context.only.some((only) => kind === only || kind.startsWith(`${only}.`));
  const own = resolved.diagnostics.filter((diagnostic) => diagnostic.file === document.uri && diagnostic.fix);
  const edit = ({ start, end, text }: Fix): TextEdit => ({
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    newText: text,
  });
  const actions: CodeAction[] = [];
  if (wants(CodeActionKind.QuickFix)) {
    for (const diagnostic of own) {
      const { fix } = diagnostic;
      if (!fix || !touches(diagnostic, range)) continue;
      const place = rangeOf(diagnostic);
      actions.push({
        title: fix.title,
        kind: CodeActionKind.QuickFix,
        isPreferred: true,
        diagnostics: context.diagnostics.filter(
          (shown) => shown.code === diagnostic.code && shown.range.start.line === place.start.line,
        ),
        edit: { changes: { [document.uri]: [edit(fix)] } },
      });
    }
  }
  const fixes = withoutOverlap(own.flatMap(({ fix }) => (fix ? [fix] : [])));
  if (
    fixes.length > 0 &&
    (wants(CodeActionKind.SourceFixAll) || (fixes.length > 1 && wants(CodeActionKind.QuickFix)))
  ) {
    actions.push({
      title:
        fixes.length === 1 ? 'Fix the one repairable problem' : `Fix all ${fixes.length} repairable problems`,
      kind: context.only?.some((only) => only.startsWith(CodeActionKind.Source))
        ? CodeActionKind.SourceFixAll
        : CodeActionKind.QuickFix,
      edit: { changes: { [document.uri]: fixes.map(edit) } },
    });
  }
  return actions;
}

function touches(diagnostic: Diagnostic, range: CodeActionParams['range']): boolean {
  const own = rangeOf(diagnostic);
  const before = (a: { line: number; character: number }, b: { line: number; character: number }): boolean =>
    a.line < b.line || (a.line === b.line && a.character <= b.character);
  return before(own.start, range.end) && before(range.start, own.end);
}

/** Edits of one change must not overlap; the first of two is taken. */
function withoutOverlap(fixes: readonly Fix[]): Fix[] {
  const sorted = [...fixes].sort((a, b) => a.start - b.start);
  const kept: Fix[] = [];
  for (const fix of sorted) {
    const last = kept[kept.length - 1];
    if (!last || (fix.start >= last.end && fix.start !== last.start)) kept.push(fix);
  }
  return kept;
}
