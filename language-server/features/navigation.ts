/** @file Links and definitions: `extends`, data files, anchors. */
import * as YAML from 'yaml';
import type { DocumentLink, Location, Position } from 'vscode-languageserver';
import { URI } from 'vscode-uri';
import { textAt } from '../../src/config';
import type { Language } from '../../src/language';
import { fileReferences } from '../../src/language/files';
import type { Documents, State } from '../documents';

export function documentLinks(state: State, documents: Documents, language: Language): DocumentLink[] {
  const { document, parsed } = state;
  if (!parsed.root) return [];
  return fileReferences(parsed.root, language)
    .filter(({ text, kind, node }) => {
      if (node.where.source !== parsed.source || textAt(node.where) === '') return false;
      if (kind === 'config') return !language.registry.presets?.has(text);
      return !/[*?[\]{}]|^[a-z]{2,}:/.test(text);
    })
    .map(({ text, node }) => ({
      range: { start: document.positionAt(node.where.start), end: document.positionAt(node.where.end) },
      target: documents.reader.resolve(document.uri, text),
    }));
}

/** From `extends` to the base, from `*alias` to its anchor. */
export function definition(
  state: State,
  position: Position,
  documents: Documents,
  language: Language,
): Location[] {
  const { document, parsed } = state;
  const offset = document.offsetAt(position);
  const link = documentLinks(state, documents, language).find(
    ({ range }) => document.offsetAt(range.start) <= offset && offset <= document.offsetAt(range.end),
  );
  const start = { line: 0, character: 0 };
  if (link?.target && URI.parse(link.target).scheme !== 'preset')
    return [{ uri: link.target, range: { start, end: start } }];
  const found = parsed.document && aliasTarget(parsed.document, offset);
  if (!found) return [];
  return [
    {
      uri: document.uri,
      range: { start: document.positionAt(found[0]), end: document.positionAt(found[1]) },
    },
  ];
}

function aliasTarget(document: YAML.Document.Parsed, offset: number): [number, number] | undefined {
  let name: string | undefined;
  let target: [number, number] | undefined;
  YAML.visit(document, {
    Alias: (_, node) => {
      if (node.range && node.range[0] <= offset && offset <= node.range[1]) name = node.source;
    },
  });
  if (name === undefined) return undefined;
  YAML.visit(document, {
    Node: (_, node) => {
      if (!YAML.isAlias(node) && node.anchor === name && node.range) target = [node.range[0], node.range[1]];
    },
  });
  return target;
}
