/** @file Semantic tokens: what the grammar cannot know, because it depends on the language's definitions. */
import { SemanticTokensBuilder, type SemanticTokens } from 'vscode-languageserver';
import { scalarText, type ConfigNode, type Path, type Where } from '../../src/config';
import type { Language } from '../../src/language';
import { tagIn } from '../../src/language/language';
import { narrow, type Type } from '../../src/language/schema/types';
import { marksOf } from '../anchors';
import type { State } from '../documents';

export const legend = {
  tokenTypes: ['property', 'class', 'enumMember', 'namespace', 'variable', 'parameter'],
  tokenModifiers: ['declaration', 'defaultLibrary'],
};
type Kind = 'property' | 'class' | 'enumMember' | 'namespace' | 'variable' | 'parameter';

interface Token {
  readonly start: number;
  readonly end: number;
  readonly kind: Kind;
  readonly modifiers: number;
}

const declaration = 1;
const defaultLibrary = 2;
const maxDepth = 40;

export function semanticTokens({ document, parsed, base }: State, language: Language): SemanticTokens {
  const tokens: Token[] = [];
  const add = (where: Where, kind: Kind, modifiers = 0): void => {
    // Words that come through an alias stand, and are marked, at their anchor.
    if (where.source === parsed.source && where.end > where.start)
      tokens.push({ start: where.start, end: where.end, kind, modifiers });
  };
  const visit = (node: ConfigNode, type: Type | undefined, path: Path): void => {
    if (path.length > maxDepth) return;
    if (node.kind === 'list') {
      const item = type?.kind === 'list' ? type.item : undefined;
      node.items.forEach((one, index) => visit(one, item, [...path, index]));
      return;
    }
    if (node.kind === 'scalar') {
      const text = scalarText(node);
      if (text === undefined || node.quoted) return;
      if (path[0] === 'extends' && language.registry.presets?.has(text))
        add(node.where, 'namespace', defaultLibrary);
      else if (type?.kind === 'variants' && type.variants.has(text)) add(node.where, 'class', defaultLibrary);
      else if (isWord(type, text)) add(node.where, 'enumMember');
      return;
    }
    const inside = type && narrow(type, (key) => tagIn(node, [], key) ?? tagIn(base, path, key));
    for (const { key, keyWhere, node: value } of node.entries.values()) {
      const isOwn = keyWhere.start >= node.where.start && keyWhere.end <= node.where.end;
      if (!isOwn) continue;
      const field = inside?.kind === 'map' ? inside.fields.get(key) : undefined;
      if (path.length === 1 && path[0] === 'sweep') add(keyWhere, 'parameter');
      else if (field) add(keyWhere, 'property');
      if (value.where.start < keyWhere.end) continue;
      const isTag = type?.kind === 'variants' && type.key === key;
      if (isTag && value.kind === 'scalar') visit(value, type, [...path, key]);
      else visit(value, field?.type, [...path, key]);
    }
  };
  if (parsed.root) visit(parsed.root, language.type, []);
  for (const { start, end, kind } of marksOf(parsed.source.text))
    tokens.push({ start, end, kind: 'variable', modifiers: kind === 'anchor' ? declaration : 0 });

  const builder = new SemanticTokensBuilder();
  let last = -1;
  for (const token of tokens.sort((a, b) => a.start - b.start)) {
    const start = document.positionAt(token.start);
    // Clients take tokens of one line that do not overlap.
    if (token.start < last || document.positionAt(token.end).line !== start.line) continue;
    last = token.end;
    const kind = legend.tokenTypes.indexOf(token.kind);
    builder.push(start.line, start.character, token.end - token.start, kind, token.modifiers);
  }
  return builder.build();
}

function isWord(type: Type | undefined, text: string): boolean {
  if (type?.kind === 'choice') return type.values.some((value) => value === text);
  if (type?.kind === 'either') return type.options.some((option) => isWord(option, text));
  return false;
}
