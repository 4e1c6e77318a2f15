/** @file Completion: keys that are not yet there, values that fit, layers with good defaults, files. */
import {
  CompletionItemKind,
  InsertTextFormat,
  InsertTextMode,
  type CompletionItem,
  type Position,
} from 'vscode-languageserver';
import type { ConfigNode, Path } from '../../src/config';
import { presetMarkdown, presetSummary, type Language } from '../../src/language';
import { tagIn } from '../../src/language/language';
import {
  locate,
  narrow,
  tagField,
  type Field,
  type Located,
  type MapType,
  type Type,
  type VariantsType,
} from '../../src/language/schema/types';
import { defaultText, shortType, written } from '../../src/language/words';
import { cursorAt, type Cursor } from '../cursor';
import type { State } from '../documents';
import { dataMarkdown, fieldDetail, fieldMarkdown, layerMarkdown, variantMarkdown } from './docs';
import { aliasItems } from './aliases';
import { fileItems } from './files';
import { LazyDocs, type Describe } from './lazy-docs';
import { keySnippet, layerSnippet, plainText, usualOptions } from './snippets';
import { sweepPaths } from './sweep-paths';

export interface CompletionOptions {
  readonly snippets: boolean;
  /** The client knows characters that accept an item and go on. */
  readonly commitCharacters?: boolean;
  /** Adds documentation to an item, at once or when it is asked for. */
  readonly document?: LazyDocs['attach'];
}

/** What every item of one answer shares. */
interface Scene {
  readonly state: State;
  readonly language: Language;
  readonly cursor: Cursor;
  readonly options: CompletionOptions;
  item(label: string, text: string, more: Partial<CompletionItem>, describe?: Describe): CompletionItem;
  tag(at: Path, key: string): string | undefined;
}

const eager = new LazyDocs(() => false);

export async function complete(
  state: State,
  position: Position,
  language: Language,
  options: CompletionOptions,
): Promise<CompletionItem[]> {
  const { document } = state;
  const aliases = aliasItems(document, position);
  if (aliases) return aliases;
  const cursor = cursorAt(document.getText(), document.offsetAt(position));
  if (!cursor) return [];
  const range = { start: document.positionAt(cursor.start), end: document.positionAt(cursor.end) };
  // Clients require the edit to stay in one line and to hold the position.
  if (range.start.line !== position.line || range.end.line !== position.line) return [];
  const scene: Scene = {
    state,
    language,
    cursor,
    options,
    item: (label, text, more, describe) => {
      const item: CompletionItem = {
        label,
        textEdit: { range, newText: `${cursor.needsSpace ? ' ' : ''}${text}` },
        ...(cursor.needsSpace ? { filterText: label } : {}),
        ...more,
      };
      return describe ? (options.document ?? eager.attach)(item, describe) : item;
    },
    tag: (at, key) => tagIn(cursor.tree, at, key) ?? tagIn(state.base, at, key),
  };
  return cursor.role === 'key' ? keys(scene) : values(scene, cursor.path);
}

function keys(scene: Scene): Promise<CompletionItem[]> | CompletionItem[] {
  const { cursor, language } = scene;
  if (cursor.path.length === 1 && cursor.path[0] === 'sweep') return sweepItems(scene);
  const located = locate(language.type, cursor.path, scene.tag);
  if (!located) return [];
  const { type } = located;
  const inside = narrow(type, (key) => scene.tag(cursor.path, key));
  if (inside.kind === 'map') return fieldItems(scene, [...inside.fields.values()], type);
  if (inside.kind === 'variants') return undecidedItems(scene, inside);
  if (inside.kind === 'record' && inside.value && located.field) return recordItems(scene, located.field);
  // `mixer:` with the value typed a line below.
  return cursor.present.size === 0 ? values(scene, cursor.path) : [];
}

/** Fields in the order of the schema, required ones first. */
function fieldItems(scene: Scene, fields: readonly Field[], outer: Type): CompletionItem[] {
  const tag = outer.kind === 'variants' ? outer.key : undefined;
  const free = fields.filter((field) => !scene.cursor.present.has(field.key));
  return free.map((field, index) =>
    fieldItem(scene, field.key === tag && outer.kind === 'variants' ? tagField(outer) : field, index),
  );
}

function fieldItem(scene: Scene, field: Field, index: number): CompletionItem {
  const { cursor, options } = scene;
  const snippet = keySnippet(field, cursor, options.snippets);
  const text = cursor.hasColon ? field.key : snippet;
  return scene.item(
    field.key,
    text,
    {
      kind: CompletionItemKind.Property,
      detail: fieldDetail(field),
      sortText: `${field.required ? 0 : 1}${String(index).padStart(3, '0')}`,
      ...(options.snippets && !cursor.hasColon
        ? { insertTextFormat: InsertTextFormat.Snippet, insertTextMode: InsertTextMode.adjustIndentation }
        : {}),
      ...(!cursor.hasColon && suggestsNext(field.type)
        ? { command: { title: 'Suggest', command: 'editor.action.triggerSuggest' } }
        : {}),
    },
    () => fieldMarkdown(field),
  );
}

/** Keys that a mapping of free names is known to take. */
function recordItems(scene: Scene, field: Field): CompletionItem[] {
  const { cursor } = scene;
  const known = field.docs.meta?.['keys'];
  const free = (Array.isArray(known) ? known : []).map(String).filter((key) => !cursor.present.has(key));
  return free.map((key, index) => {
    const name = written(key);
    return scene.item(
      name,
      cursor.hasColon ? name : `${name}: `,
      {
        kind: CompletionItemKind.Property,
        sortText: String(index).padStart(3, '0'),
        ...(cursor.hasColon
          ? {}
          : { command: { title: 'Suggest', command: 'editor.action.triggerSuggest' } }),
      },
      () => fieldMarkdown(field),
    );
  });
}

/** After these keys the next completion is what the user wants to see. */
const suggestsNext = (type: Type): boolean =>
  type.kind === 'map' ||
  type.kind === 'variants' ||
  (type.kind === 'list' && type.item.kind === 'variants') ||
  type.kind === 'text';

/** A mapping whose kind is not chosen yet: the tag, the keys of other shapes, and whole layers. */
function undecidedItems(scene: Scene, type: VariantsType): CompletionItem[] {
  const { cursor } = scene;
  const fields = [
    tagField(type),
    ...[...type.others.values()].flatMap((other) => [...other.fields.values()]),
  ];
  const items = fieldItems(scene, fields, type);
  if (type.key !== 'mixer' || cursor.hasColon || cursor.present.size > 0) return items;
  return [...layerItems(scene, type, cursor.flow ? 'flow' : 'block'), ...items];
}

function layerItems(scene: Scene, type: VariantsType, style: 'block' | 'flow' | 'braces'): CompletionItem[] {
  const { language, cursor, options } = scene;
  return Object.values(language.registry.mixers).map((layer, index) => {
    const variant: MapType | undefined = type.variants.get(layer.name);
    const snippet = layerSnippet(layer.name, usualOptions(layer, variant, language), style, cursor.hang);
    return scene.item(
      layer.name,
      options.snippets ? snippet : plainText(snippet),
      {
        kind: CompletionItemKind.Snippet,
        detail: layer.summary,
        sortText: `0 ${String(index).padStart(2, '0')}`,
        ...(options.snippets
          ? { insertTextFormat: InsertTextFormat.Snippet, insertTextMode: InsertTextMode.adjustIndentation }
          : {}),
      },
      () => layerMarkdown(layer),
    );
  });
}

async function values(scene: Scene, path: Path): Promise<CompletionItem[]> {
  const { language, state } = scene;
  const located = locate(language.type, path, scene.tag);
  if (!located) return [];
  const kind = fieldOf(scene, path, located)?.docs.meta?.['path'];
  const items = valueItems(scene, path, located.type, fieldOf(scene, path, located));
  const suggested = located.field?.docs.meta?.['suggestions'];
  for (const [index, text] of (Array.isArray(suggested) ? suggested : []).entries()) {
    items.push(wordItem(scene, path, JSON.stringify(text), index, located.field));
  }
  if (typeof kind === 'string')
    items.push(...(await fileItems(scene.cursor, state.document, kind, scene.item)));
  if (path[0] === 'extends') {
    for (const [index, name] of [...(language.registry.presets?.keys() ?? [])].entries()) {
      items.push(
        scene.item(
          name,
          name,
          {
            kind: CompletionItemKind.Module,
            detail: presetSummary(name) ?? 'preset',
            sortText: `2${String(index).padStart(3, '0')}`,
          },
          () => presetMarkdown(name),
        ),
      );
    }
  }
  return items;
}

/** The field of a value, or of the list that the value is in. */
function fieldOf({ language, tag }: Scene, path: Path, located: Located): Field | undefined {
  if (located.field) return located.field;
  return typeof path[path.length - 1] === 'number'
    ? locate(language.type, path.slice(0, -1), tag)?.field
    : undefined;
}

function valueItems(scene: Scene, path: Path, type: Type, field: Field | undefined): CompletionItem[] {
  switch (type.kind) {
    case 'choice':
      return type.values.map((value, index) => wordItem(scene, path, String(value), index, field));
    case 'switch':
      return ['true', 'false'].map((word, index) => wordItem(scene, path, word, index, field));
    case 'either': {
      const items = type.options.flatMap((option) => valueItems(scene, path, option, field));
      return items.filter((item, index) => items.findIndex((other) => other.label === item.label) === index);
    }
    case 'number':
    case 'tuple':
      return defaultItem(scene, field);
    case 'variants':
      if (type.key === 'mixer') return layerItems(scene, type, 'braces');
      return [...type.variants.keys()].map((name, index) =>
        wordItem(scene, [...path, type.key], name, index, undefined),
      );
    case 'list':
      return scene.cursor.flow ? [] : defaultItem(scene, field);
    default:
      return [];
  }
}

function defaultItem(scene: Scene, field: Field | undefined): CompletionItem[] {
  const value = field && defaultText(field.docs);
  if (field === undefined || value === undefined) return [];
  return [
    scene.item(
      value,
      value,
      {
        kind: CompletionItemKind.Value,
        detail: `default; ${shortType(field.type).replaceAll('`', '')}`,
        ...commits(scene),
      },
      () => fieldMarkdown(field),
    ),
  ];
}

function wordItem(
  scene: Scene,
  path: Path,
  word: string,
  index: number,
  field: Field | undefined,
): CompletionItem {
  const { registry, type: root } = scene.language;
  const key = path[path.length - 1];
  const layer = key === 'mixer' && Object.hasOwn(registry.mixers, word) ? registry.mixers[word] : undefined;
  const data =
    path[0] === 'data' && key === 'type' && Object.hasOwn(registry.datasets, word)
      ? registry.datasets[word]
      : undefined;
  const describe = (): string | undefined => {
    if (layer) return layerMarkdown(layer);
    if (data) return dataMarkdown(data);
    const task = path[0] === 'task' ? root.fields.get('task')?.type : undefined;
    const variant = task?.kind === 'variants' ? variantMarkdown(word, task.variants.get(word)) : undefined;
    return variant ?? (field && fieldMarkdown(field));
  };
  const isDefault = field && defaultText(field.docs) === word;
  const detail = layer?.summary ?? data?.summary ?? (isDefault ? 'default' : undefined);
  return scene.item(
    word,
    word,
    {
      kind: layer || data ? CompletionItemKind.Class : CompletionItemKind.EnumMember,
      sortText: String(index).padStart(3, '0'),
      ...(detail === undefined ? {} : { detail }),
      ...commits(scene),
    },
    describe,
  );
}

/** In brackets, what ends a value accepts the chosen one first. */
const commits = ({ cursor, options }: Scene): Partial<CompletionItem> =>
  options.commitCharacters === true && cursor.flow ? { commitCharacters: [',', '}', ']'] } : {};

/** Paths that a sweep can vary: everything that is or could be written. */
function sweepItems(scene: Scene): CompletionItem[] {
  const { language, cursor, state } = scene;
  const root: ConfigNode = state.resolved.analysis?.root ?? cursor.tree;
  return sweepPaths(root, language)
    .filter(({ path }) => !cursor.present.has(path))
    .map(({ path, field, isWritten }) =>
      scene.item(
        path,
        cursor.hasColon ? path : `${path}: `,
        {
          kind: CompletionItemKind.Reference,
          detail: fieldDetail(field),
          sortText: `${isWritten ? 0 : 1}${path}`,
        },
        () => fieldMarkdown(field),
      ),
    );
}
