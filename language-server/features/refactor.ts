/** @file Refactorings as code actions: offered where the cursor is on what they change. */
import { CodeActionKind, type CodeAction, type CodeActionParams, type TextEdit } from 'vscode-languageserver';
import { URI, Utils } from 'vscode-uri';
import {
  parseConfig,
  type ConfigNode,
  type Fix,
  type ListNode,
  type MapNode,
  type Parsed,
} from '../../src/config';
import type { Language } from '../../src/language';
import { extractLayers, inlineBase, joinRepeats, sortKeys } from '../../src/language/refactor';
import type { Documents, State } from '../documents';

const sortKind = `${CodeActionKind.Source}.sortKeys`;

export interface RefactorOptions {
  /** The client can create files in an edit. */
  readonly createsFiles: boolean;
}

/** What can be rewritten, inlined, extracted or sorted at the range. */
export async function refactorings(
  state: State,
  { range, context }: CodeActionParams,
  documents: Documents,
  language: Language,
  { createsFiles }: RefactorOptions,
): Promise<CodeAction[]> {
  const { document, parsed } = state;
  const { root } = parsed;
  if (root?.kind !== 'map' || parsed.diagnostics.some(({ severity }) => severity === 'error')) return [];
  const wants = (kind: string): boolean =>
    !context.only || context.only.some((only) => kind === only || kind.startsWith(`${only}.`));
  const from = document.offsetAt(range.start);
  const to = document.offsetAt(range.end);
  const touches = (start: number, end: number): boolean => start <= to && from <= end;
  const lineOf = (offset: number): number => document.positionAt(offset).line;
  const edit = ({ start, end, text }: Fix): TextEdit => ({
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    newText: text,
  });
  const action = (kind: string, fixes: readonly Fix[]): CodeAction => ({
    title: fixes[0]?.title ?? '',
    kind,
    edit: { changes: { [document.uri]: fixes.map(edit) } },
  });
  const actions: CodeAction[] = [];

  if (wants(CodeActionKind.RefactorRewrite)) {
    for (const list of layerLists(root)) {
      if (!touches(list.where.start, list.where.end)) continue;
      for (const { fixes, at } of joinRepeats(list)) {
        const last = Math.max(...fixes.map(({ end }) => end));
        if (touches(at, last)) actions.push(action(CodeActionKind.RefactorRewrite, fixes));
      }
    }
  }

  const base = root.entries.get('extends');
  if (base && wants(CodeActionKind.RefactorInline) && lineOf(base.keyWhere.start) <= range.end.line) {
    const isHere = touches(base.keyWhere.start, Math.max(base.keyWhere.end, base.node.where.end));
    const below = isHere ? await readBase(state, documents, language) : undefined;
    const fixes =
      below && inlineBase(parsed, below, language, (one) => rebased(document.uri, below.source.file, one));
    if (fixes) actions.push(action(CodeActionKind.RefactorInline, fixes));
  }

  const layers = layersEntry(root);
  const asked = createsFiles && wants(CodeActionKind.RefactorExtract);
  if (asked && layers && lineOf(layers.start) === range.start.line) {
    const extract = await extractAction(document, root, documents, edit);
    if (extract) actions.push(extract);
  }

  if (wants(sortKind)) {
    const sorted = sortKeys(root, language);
    if (sorted !== undefined) {
      const title = 'Sort keys in the usual order';
      actions.push(action(sortKind, [{ title, start: 0, end: document.getText().length, text: sorted }]));
    }
  }
  return actions;
}

/** Moves the layers into a file of their own, beside the config; undefined where one of its name is there. */
async function extractAction(
  document: State['document'],
  root: MapNode,
  documents: Documents,
  edit: (fix: Fix) => TextEdit,
): Promise<CodeAction | undefined> {
  const uri = URI.parse(document.uri);
  const stem = Utils.basename(uri).replace(/\.ssm\.(ya?ml|json)$/, '');
  const name = `${stem}-layers.ssm.yaml`;
  const target = Utils.resolvePath(Utils.dirname(uri), name).toString();
  const extracted = uri.scheme === 'file' ? extractLayers(root, `./${name}`) : undefined;
  const isFree = await documents.reader.read(target).then(
    () => false,
    () => true,
  );
  if (!extracted || !isFree) return undefined;
  const start = { line: 0, character: 0 };
  return {
    title: extracted.fixes[0]?.title ?? '',
    kind: CodeActionKind.RefactorExtract,
    edit: {
      documentChanges: [
        { kind: 'create', uri: target, options: { ignoreIfExists: false } },
        {
          textDocument: { uri: target, version: null },
          edits: [{ range: { start, end: start }, newText: extracted.text }],
        },
        {
          textDocument: { uri: document.uri, version: document.version },
          edits: extracted.fixes.map(edit),
        },
      ],
    },
  };
}

/** `model.layers` and the blocks within. */
function layerLists(root: ConfigNode): ListNode[] {
  const lists: ListNode[] = [];
  const visit = (node: ConfigNode | undefined, depth: number): void => {
    if (node?.kind !== 'list' || depth > 20) return;
    lists.push(node);
    for (const item of node.items) if (item.kind === 'map') visit(item.entries.get('block')?.node, depth + 1);
  };
  const model = root.kind === 'map' ? root.entries.get('model')?.node : undefined;
  if (model?.kind === 'map') visit(model.entries.get('layers')?.node, 0);
  return lists;
}

function layersEntry(root: ConfigNode): { readonly start: number } | undefined {
  const model = root.kind === 'map' ? root.entries.get('model')?.node : undefined;
  return model?.kind === 'map' ? model.entries.get('layers')?.keyWhere : undefined;
}

async function readBase(
  { resolved }: State,
  documents: Documents,
  language: Language,
): Promise<Parsed | undefined> {
  const file = resolved.files[1];
  if (file === undefined) return undefined;
  const preset = file.startsWith('preset:') ? language.registry.presets?.get(file.slice(7)) : undefined;
  try {
    return parseConfig(file, preset ?? (await documents.reader.read(file)));
  } catch {
    return undefined;
  }
}

/** A reference of the base as seen from the config. */
function rebased(uri: string, base: string, reference: string): string {
  if (!/[./\\]/.test(reference) || base.startsWith('preset:')) return reference;
  const from = URI.parse(uri).path.split('/').slice(0, -1);
  const to = Utils.resolvePath(Utils.dirname(URI.parse(base)), reference).path.split('/');
  let common = 0;
  while (common < from.length && from[common] === to[common]) common++;
  const up = from.slice(common).map(() => '..');
  return [...(up.length > 0 ? up : ['.']), ...to.slice(common)].join('/');
}
