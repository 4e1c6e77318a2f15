/** @file A preset as a document to look at: its text, and the same with every default written out. */
import { parseConfig, stringifyConfig, toPlain, type Plain } from '../../config';
import type { Language } from '../language';

/** @returns undefined for unknown names */
export function presetDocument(language: Language, name: string): string | undefined {
  const text = language.registry.presets?.get(name);
  if (text === undefined) return undefined;
  const { root } = parseConfig(`preset:${name}`, text);
  const written = root && (toPlain(root) as { model?: unknown }).model;
  const parsed = language.schema.shape['model']?.safeParse(written) as { data?: unknown } | undefined;
  if (parsed?.data === undefined) return text;
  const resolved = stringifyConfig({ model: parsed.data as Plain })
    .trimEnd()
    .split('\n');
  // The preset itself comes first and unchanged, so that line numbers in messages fit.
  return [text, '# With every default written out:', ...resolved.map((line) => `# ${line}`), ''].join('\n');
}
