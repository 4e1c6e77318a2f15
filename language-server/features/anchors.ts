/** @file Definition, references, highlights and rename of anchors and their aliases. */
import {
  DocumentHighlightKind,
  LSPErrorCodes,
  ResponseError,
  type DocumentHighlight,
  type Location,
  type Position,
  type Range,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { markAt, marksOf, type Mark } from '../anchors';

interface Named {
  readonly mark: Mark;
  /** Every mark of the same name, anchors and aliases. */
  readonly same: readonly Mark[];
}

function named(document: TextDocument, position: Position): Named | undefined {
  const marks = marksOf(document.getText());
  const mark = markAt(marks, document.offsetAt(position));
  return mark && { mark, same: marks.filter(({ name }) => name === mark.name) };
}

const rangeOf = (document: TextDocument, { start, end }: Mark): Range => ({
  start: document.positionAt(start),
  end: document.positionAt(end),
});

/** From an alias to the last anchor of its name above it. */
export function anchorOf(document: TextDocument, position: Position): Location[] {
  const found = named(document, position);
  if (!found) return [];
  const anchors = found.same.filter(({ kind }) => kind === 'anchor');
  const above = anchors.filter(({ start }) => start <= found.mark.start).pop() ?? anchors[0];
  return above ? [{ uri: document.uri, range: rangeOf(document, above) }] : [];
}

export function references(
  document: TextDocument,
  position: Position,
  includeDeclaration: boolean,
): Location[] {
  const found = named(document, position);
  return (found?.same ?? [])
    .filter(({ kind }) => includeDeclaration || kind === 'alias')
    .map((mark) => ({ uri: document.uri, range: rangeOf(document, mark) }));
}

export function highlights(document: TextDocument, position: Position): DocumentHighlight[] {
  const found = named(document, position);
  return (found?.same ?? []).map((mark) => ({
    range: rangeOf(document, mark),
    kind: mark.kind === 'anchor' ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
  }));
}

export function prepareRename(
  document: TextDocument,
  position: Position,
): { range: Range; placeholder: string } | null {
  const found = named(document, position);
  return found ? { range: rangeOf(document, found.mark), placeholder: found.mark.name } : null;
}

/** @throws ResponseError, shown by the client, when the new name is none or taken */
export function rename(document: TextDocument, position: Position, newName: string): WorkspaceEdit | null {
  const found = named(document, position);
  if (!found) return null;
  const name = newName.replace(/^[&*]/, '');
  if (!/^[^\s,[\]{}]+$/.test(name)) {
    throw new ResponseError(
      LSPErrorCodes.RequestFailed,
      `An anchor is one word without brackets and commas; "${newName}" is not.`,
    );
  }
  const taken = marksOf(document.getText()).some((mark) => mark.kind === 'anchor' && mark.name === name);
  if (taken && name !== found.mark.name) {
    throw new ResponseError(LSPErrorCodes.RequestFailed, `There is an anchor \`&${name}\` already.`);
  }
  const edits = found.same.map((mark) => ({ range: rangeOf(document, mark), newText: name }));
  return { changes: { [document.uri]: edits } };
}
