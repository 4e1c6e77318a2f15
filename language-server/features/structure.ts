/** @file Outline, folding, selection ranges. */
import {
  FoldingRangeKind,
  SymbolKind,
  type DocumentSymbol,
  type FoldingRange,
  type Position,
  type SelectionRange,
} from 'vscode-languageserver';
import { scalarText, type ConfigNode, type Where } from '../../src/config';
import type { State } from '../documents';

const maxDepth = 40;

export function documentSymbols({ document, parsed }: State): DocumentSymbol[] {
  const range = (where: Where): DocumentSymbol['range'] => ({
    start: document.positionAt(where.start),
    end: document.positionAt(where.end),
  });
  const inside = (node: ConfigNode, depth: number): DocumentSymbol[] => {
    if (depth > maxDepth) return [];
    if (node.kind === 'list') {
      return node.items.flatMap((item, index) => {
        if (item.kind === 'scalar') return [];
        return [
          {
            name: itemName(item, index),
            kind: SymbolKind.Module,
            range: range(item.where),
            selectionRange: range({ ...item.where, end: item.where.start }),
            children: inside(item, depth + 1),
          },
        ];
      });
    }
    if (node.kind !== 'map') return [];
    return [...node.entries.values()].flatMap((entry): DocumentSymbol[] => {
      const { keyWhere, node: value } = entry;
      // What comes from an anchor elsewhere belongs to that place.
      if (keyWhere.start < node.where.start || keyWhere.end > node.where.end) return [];
      const end = value.where.start >= keyWhere.end ? value.where.end : keyWhere.end;
      const text = scalarText(value);
      return [
        {
          name: entry.key || '(empty)',
          kind:
            value.kind === 'scalar'
              ? SymbolKind.Property
              : value.kind === 'list'
                ? SymbolKind.Array
                : SymbolKind.Namespace,
          range: range({ ...keyWhere, end }),
          selectionRange: range(keyWhere),
          ...(text === undefined ? {} : { detail: text }),
          ...(value.kind !== 'scalar' && value.where.start >= keyWhere.end
            ? { children: inside(value, depth + 1) }
            : {}),
        },
      ];
    });
  };
  return parsed.root ? inside(parsed.root, 0) : [];
}

function itemName(item: ConfigNode, index: number): string {
  if (item.kind !== 'map') return String(index);
  const mixer = scalarText(item.entries.get('mixer')?.node);
  const repeat = scalarText(item.entries.get('repeat')?.node);
  const name = mixer ?? (item.entries.has('block') ? 'block' : 'layer');
  return `${index}: ${name}${repeat === undefined ? '' : ` × ${repeat}`}`;
}

/** By indentation, so that half-typed texts fold too; runs of comment lines fold as comments. */
export function foldingRanges({ document }: State): FoldingRange[] {
  const lines = document.getText().split(/\r?\n/);
  const ranges: FoldingRange[] = [];
  const open: { line: number; indent: number }[] = [];
  let last = -1;
  let comment = -1;
  const close = (indent: number): void => {
    for (let top = open[open.length - 1]; top && top.indent >= indent; top = open[open.length - 1]) {
      open.pop();
      if (last > top.line) ranges.push({ startLine: top.line, endLine: last });
    }
  };
  for (const [line, text] of lines.entries()) {
    if (/^\s*#/.test(text)) {
      if (comment < 0) comment = line;
      continue;
    }
    if (comment >= 0 && line - comment > 1) {
      ranges.push({ startLine: comment, endLine: line - 1, kind: FoldingRangeKind.Comment });
    }
    comment = -1;
    if (text.trim() === '') continue;
    const indent = text.length - text.trimStart().length;
    close(indent);
    open.push({ line, indent });
    last = line;
  }
  close(-1);
  return ranges;
}

/** From the innermost value outwards. */
export function selectionRanges(
  { document, parsed }: State,
  positions: readonly Position[],
): SelectionRange[] {
  return positions.map((position) => {
    const offset = document.offsetAt(position);
    const around: Where[] = [];
    const visit = (node: ConfigNode, depth: number): void => {
      if (depth > maxDepth || node.where.start > offset || node.where.end < offset) return;
      around.push(node.where);
      if (node.kind === 'list') for (const item of node.items) visit(item, depth + 1);
      if (node.kind !== 'map') return;
      for (const { keyWhere, node: value } of node.entries.values()) {
        if (keyWhere.start <= offset && offset <= Math.max(keyWhere.end, value.where.end)) {
          around.push({ ...keyWhere, end: Math.max(keyWhere.end, value.where.end) });
          if (offset <= keyWhere.end) around.push(keyWhere);
          else visit(value, depth + 1);
        }
      }
    };
    if (parsed.root) visit(parsed.root, 0);
    const whole: SelectionRange = {
      range: { start: { line: 0, character: 0 }, end: document.positionAt(document.getText().length) },
    };
    return around.reduce<SelectionRange>(
      (parent, where) => ({
        range: { start: document.positionAt(where.start), end: document.positionAt(where.end) },
        parent,
      }),
      whole,
    );
  });
}
