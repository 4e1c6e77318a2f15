/** @file Links and definitions: `extends`, presets, data files, anchors. */
import type { DocumentLink, Location, Position } from 'vscode-languageserver';
import { isWellFormed, scalarText, textAt } from '../../src/config';
import type { Language } from '../../src/language';
import { fileReferences } from '../../src/language/files';
import type { Documents, State } from '../documents';
import { anchorOf } from './anchors';
import { spotAt } from './locate-offset';

export function documentLinks(state: State, documents: Documents, language: Language): DocumentLink[] {
  const { document, parsed } = state;
  if (!parsed.root) return [];
  return fileReferences(parsed.root, language)
    .filter(({ text, kind, node }) => {
      if (node.where.source !== parsed.source || textAt(node.where) === '' || !isWellFormed(text))
        return false;
      if (kind === 'config') return !language.registry.presets?.has(text);
      return !/[*?[\]{}]|^[a-z]{2,}:/.test(text);
    })
    .map(({ text, node }) => ({
      range: { start: document.positionAt(node.where.start), end: document.positionAt(node.where.end) },
      target: documents.reader.resolve(document.uri, text),
    }));
}

/** From `extends` to the base or the text of the preset, from `*alias` to its anchor. */
export async function definition(
  state: State,
  position: Position,
  documents: Documents,
  language: Language,
  presetUri: (name: string) => Promise<string>,
): Promise<Location[]> {
  const { document, parsed } = state;
  const offset = document.offsetAt(position);
  const start = { line: 0, character: 0 };
  const range = { start, end: start };
  const link = documentLinks(state, documents, language).find(
    (one) => document.offsetAt(one.range.start) <= offset && offset <= document.offsetAt(one.range.end),
  );
  if (link?.target) return [{ uri: link.target, range }];
  const spot = parsed.root && spotAt(parsed.root, offset);
  const name = spot?.path[0] === 'extends' ? scalarText(spot.node) : undefined;
  if (name !== undefined && language.registry.presets?.has(name))
    return [{ uri: await presetUri(name), range }];
  return anchorOf(document, position);
}
