/** @file Completion and hover of aliases: which anchors there are, and what stands behind one. */
import {
  CompletionItemKind,
  MarkupKind,
  type CompletionItem,
  type Hover,
  type Position,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import * as YAML from 'yaml';
import { markAt, marksOf } from '../anchors';

/** Lines of an anchored value that a preview shows. */
const previewLines = 12;

/** Anchors above the cursor, after a `*`; undefined where no alias is typed. */
export function aliasItems(document: TextDocument, position: Position): CompletionItem[] | undefined {
  const text = document.getText();
  const offset = document.offsetAt(position);
  const line = text.slice(document.offsetAt({ line: position.line, character: 0 }), offset);
  const typed = /(?:^|[\s,[{:])\*([^\s,[\]{}]*)$/.exec(line);
  if (!typed || /(^|\s)#/.test(line)) return undefined;
  const name = typed[1] ?? '';
  const rest = /^[^\s,[\]{}]*/.exec(text.slice(offset))?.[0] ?? '';
  const range = {
    start: document.positionAt(offset - name.length),
    end: document.positionAt(offset + rest.length),
  };
  const seen = new Map<string, string>();
  // An alias means the last anchor of its name above it.
  for (const mark of marksOf(text)) {
    if (mark.kind === 'anchor' && mark.end < offset - name.length)
      seen.set(mark.name, previewOf(text, mark.name, mark.start));
  }
  return [...seen].reverse().map(([label, preview], index) => ({
    label,
    kind: CompletionItemKind.Reference,
    detail: preview.split('\n')[0] ?? '',
    documentation: { kind: MarkupKind.Markdown, value: fenced(preview) },
    sortText: String(index).padStart(3, '0'),
    textEdit: { range, newText: label },
  }));
}

/** On an alias: the text of its anchor. */
export function aliasHover(document: TextDocument, position: Position): Hover | undefined {
  const text = document.getText();
  if (!text.includes('*')) return undefined;
  const marks = marksOf(text);
  const mark = markAt(marks, document.offsetAt(position));
  if (mark?.kind !== 'alias') return undefined;
  const anchor = marks
    .filter(({ kind, name, start }) => kind === 'anchor' && name === mark.name && start < mark.start)
    .pop();
  if (!anchor) return undefined;
  const line = document.positionAt(anchor.start).line + 1;
  return {
    contents: {
      kind: MarkupKind.Markdown,
      value: `**\\*${mark.name}**: the value anchored in line ${line}\n\n${fenced(previewOf(text, mark.name, anchor.start))}`,
    },
    range: { start: document.positionAt(mark.start - 1), end: document.positionAt(mark.end) },
  };
}

const fenced = (text: string): string => `\`\`\`yaml\n${text}\n\`\`\``;

/** What is written behind an anchor, with the indentation of its first line taken off. */
function previewOf(text: string, name: string, start: number): string {
  let found: string | undefined;
  const document = YAML.parseDocument(text, { strict: false, logLevel: 'silent' });
  YAML.visit(document, {
    Node: (_, node) => {
      if (YAML.isAlias(node) || node.anchor !== name || !node.range) return;
      if (node.range[1] < start || found !== undefined) return;
      const column = node.range[0] - (text.lastIndexOf('\n', node.range[0] - 1) + 1);
      const lines = text.slice(node.range[0], node.range[1]).trimEnd().split(/\r?\n/);
      const shown = lines.slice(0, previewLines).map((line, index) => {
        const indent = /^\s*/.exec(line)?.[0].length ?? 0;
        return index === 0 ? line : line.slice(Math.min(indent, column));
      });
      found = [...shown, ...(lines.length > previewLines ? ['…'] : [])].join('\n');
    },
  });
  return (found ?? '').replace(new RegExp(`^&${escapeRegExp(name)}\\s*`), '');
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
