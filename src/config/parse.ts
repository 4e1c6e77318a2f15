/** @file Text → tree with ranges. Half-typed texts give the part that can be read, and diagnostics. */
import * as YAML from 'yaml';
import { diagnose, type Diagnostic } from './diagnostic';
import { fromYaml } from './from-yaml';
import type { ConfigNode } from './node';
import { readPieces } from './pieces';
import { makeSource, type Source } from './source';
import { syntaxMessage } from './syntax';

/** Longest text that is read; a config of 200 layers written out has 20 kB. */
export const maxLength = 256 * 1024;
/** Deepest nesting in brackets; a block in a block in a list is at 10. */
const maxBrackets = 64;

export interface Parsed {
  readonly source: Source;
  /** Absent for an empty or unreadable text. */
  readonly root?: ConfigNode;
  readonly diagnostics: readonly Diagnostic[];
}

/** How a text is read; tests compare the two ways. */
export interface ParseOptions {
  /** Always the whole text at once. */
  readonly whole?: boolean;
}

/** Never throws; whatever is wrong with the text is a diagnostic. `*.ssm.json` is read as the subset it is. */
export function parseConfig(file: string, text: string, { whole = false }: ParseOptions = {}): Parsed {
  if (text.length > maxLength) {
    const source = makeSource(file, '');
    const size = `${Math.round(text.length / 1024)} KiB`;
    const message = `This file is too long for a config: ${size}, at most ${maxLength / 1024} KiB are read.`;
    return { source, diagnostics: [diagnose({ source, start: 0, end: 0 }, 'error', 'too-large', message)] };
  }
  const source = makeSource(file, text);
  const deep = tooDeep(text);
  if (deep !== undefined) {
    const message = `Brackets are nested more than ${maxBrackets} deep here; no config needs that.`;
    return {
      source,
      diagnostics: [diagnose({ source, start: deep, end: deep + 1 }, 'error', 'too-large', message)],
    };
  }
  try {
    const root = whole ? undefined : readPieces(source);
    return root ? { source, root, diagnostics: [] } : read(source);
  } catch (error) {
    // Indentation nested beyond the parser's stack ends here.
    const message = `This text could not be read as YAML: ${error instanceof Error ? error.message : String(error)}.`;
    return { source, diagnostics: [diagnose({ source, start: 0, end: 1 }, 'error', 'yaml-syntax', message)] };
  }
}

function read(source: Source): Parsed {
  const document = YAML.parseDocument(source.text, {
    merge: true,
    prettyErrors: false,
    strict: true,
    uniqueKeys: true,
    stringKeys: false,
    logLevel: 'error',
  }) as YAML.Document.Parsed;
  const diagnostics: Diagnostic[] = document.errors.map((error) => {
    const [start, end] = error.pos;
    const { code, message } = syntaxMessage(error, source.text);
    const limit = source.text.length;
    const from = Math.min(start, limit);
    return diagnose(
      { source, start: from, end: Math.min(Math.max(end, from + 1), limit) },
      'error',
      code,
      message,
    );
  });
  for (const warning of document.warnings) {
    const [start, end] = warning.pos;
    diagnostics.push(
      diagnose({ source, start, end }, 'warning', 'yaml-syntax', `${firstSentence(warning.message)}.`),
    );
  }
  const { root, diagnostics: more } = fromYaml(document, source);
  // One syntax error often brings followers at the same place: the first says it.
  const first = new Map<number, Diagnostic>();
  for (const d of diagnostics) if (!first.has(d.line)) first.set(d.line, d);
  return {
    source,
    ...(root ? { root } : {}),
    diagnostics: [...first.values(), ...more],
  };
}

const firstSentence = (text: string): string => text.split('\n')[0]?.replace(/\.$/, '') ?? text;

/** Offset of the bracket that goes too deep. Brackets in comments and strings count too: none needs 64. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) {
      if (++depth > maxBrackets) return at;
    } else if (code === 0x5d || code === 0x7d) depth = Math.max(0, depth - 1);
    else if (code === 0x0a && /^\S/.test(text.slice(at + 1, at + 2)) && !/[\]}]/.test(text[at + 1] ?? ''))
      depth = 0;
  }
  return undefined;
}
