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
import { markAt, marksOf, type Mark } from '../anchors';

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
  const preview = previewsOf(text);
  // An alias means the last anchor of its name above it.
  for (const mark of marksOf(text)) {
    if (mark.kind === 'anchor' && mark.end < offset - name.length) seen.set(mark.name, preview(mark));
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
      value: `**\\*${mark.name}**: the value anchored in line ${line}\n\n${fenced(previewsOf(text)(anchor))}`,
    },
    range: { start: document.positionAt(mark.start - 1), end: document.positionAt(mark.end) },
  };
}

const fenced = (text: string): string => `\`\`\`yaml\n${text}\n\`\`\``;

/** A text longer than this gets no previews: they would cost a parse of all of it at every keystroke. */
const maxLength = 1_000_000;

/** Reads a text once; then tells what is written behind an anchor, with the indentation of its first line taken off. */
function previewsOf(text: string): (anchor: Mark) => string {
  const values: { anchor: string; start: number; end: number }[] = [];
  if (text.length <= maxLength) {
    const document = YAML.parseDocument(text, { strict: false, logLevel: 'silent' });
    YAML.visit(document, {
      Node: (_, node) => {
        if (!YAML.isAlias(node) && node.anchor !== undefined && node.range)
          values.push({ anchor: node.anchor, start: node.range[0], end: node.range[1] });
      },
    });
  }
  return ({ name, start }) => {
    const value = values.find((one) => one.anchor === name && one.end >= start);
    if (!value) return '';
    const column = value.start - (text.lastIndexOf('\n', value.start - 1) + 1);
    const lines = text.slice(value.start, value.end).trimEnd().split(/\r?\n/);
    const shown = lines.slice(0, previewLines).map((line, index) => {
      const indent = /^\s*/.exec(line)?.[0].length ?? 0;
      return index === 0 ? line : line.slice(Math.min(indent, column));
    });
    const preview = [...shown, ...(lines.length > previewLines ? ['…'] : [])].join('\n');
    const own = `&${name}`;
    return preview.startsWith(own) ? preview.slice(own.length).trimStart() : preview;
  };
}
