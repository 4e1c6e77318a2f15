/** @file The config language: resolving, checking, schema and reference of `*.ssm.yaml`. */
import { diskReader, sortDiagnostics, type Reader } from '../config';
import { language } from './builtin';
import { checkDataFiles } from './checks/data-files';
import { jsonSchemaOf } from './schema/json-schema';
import { referenceOf } from './schema/reference';
import { checkStart } from './checks/start-file';
import { resolveFileWith, resolveTextWith, type Resolved, type ResolveOptions } from './resolve';

/**
 * Reads, merges and checks a config file and the data files that it names; `config` and `text` are there when
 * nothing is wrong.
 */
export async function resolveFile(file: string, options: ResolveOptions = {}): Promise<Resolved> {
  const resolved = await resolveFileWith(language(), file, options);
  const wrong = await checkDataFiles(resolved, language(), diskReader);
  const noted = [...wrong, ...checkStart(resolved, diskReader)];
  if (noted.length === 0) return resolved;
  const diagnostics = sortDiagnostics([...resolved.diagnostics, ...noted]);
  // The text is written when it is asked for, and not copied with the rest.
  if (wrong.length === 0) {
    return {
      ...resolved,
      diagnostics,
      get text() {
        return resolved.text!;
      },
    };
  }
  const { config: _config, text: _text, ...rest } = resolved;
  return { ...rest, diagnostics };
}

/** The same for a text that may differ from the disk; `file` is what it is called and where paths start. */
export const resolveText = (
  text: string,
  file: string,
  reader: Reader = diskReader,
  options: ResolveOptions = {},
): Promise<Resolved> => resolveTextWith(language(), text, file, reader, options);

/** The JSON Schema of a config as written (draft 2020-12). */
export const jsonSchema = (): object => jsonSchemaOf(language());

/** The reference page in Markdown. */
export const referencePage = (): string => referenceOf(language());

export type { Reader } from '../config';
export { hasErrors } from '../config';
export type { Analysis } from './analyse';
export { language } from './builtin';
export { codeAnchor } from './codes';
export { checkDataFiles } from './checks/data-files';
export { checkStart } from './checks/start-file';
export { type Language } from './language';
export type { DataDefinition } from '../data/define';
export type { LayerDefinition } from '../layers/define';
export { presetDocument } from './presets/resolved';
export { structureOf, type Structure, type StructureItem } from './model/structure';
export { presetMarkdown, presetSummary } from './presets';
export { costOf } from './model/totals';
export { formatJson, formatText } from './report';
export { resolveChain, type Resolved, type ResolveOptions } from './resolve';
export { stackCosts, stackLine } from './model/summary';
