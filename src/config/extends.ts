/** @file `extends`: the chain of files that a config is built on. */
import { diagnose, type Diagnostic } from './diagnostic';
import { nearest } from './nearest';
import type { ConfigNode, Entry, MapNode } from './node';
import { parseConfig, type Parsed } from './parse';
import { readFailure, type Reader } from './reader';
import { isWellFormed, type Where } from './source';

/** Longest chain of bases; longer ones are certainly a mistake. */
const maxChain = 32;

export interface Chain {
  /** The config itself first, then its base, the base's base, … */
  readonly parts: readonly Parsed[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface ExtendsOptions {
  readonly reader: Reader;
  /** Texts of built-in presets by name; a preset wins over a file of the same name. */
  readonly presets?: ReadonlyMap<string, string>;
}

/** Reads the bases of an already parsed config. Missing files and cycles are reported where they are written. */
export async function loadChain(first: Parsed, options: ExtendsOptions): Promise<Chain> {
  const parts: Parsed[] = [first];
  const diagnostics: Diagnostic[] = [...first.diagnostics];
  for (;;) {
    const current = parts[parts.length - 1] as Parsed;
    const reference = referenceOf(current, diagnostics);
    if (!reference) break;
    const base = await loadBase(current, reference, parts, options, diagnostics);
    if (!base) break;
    parts.push(base);
    diagnostics.push(...base.diagnostics);
  }
  return { parts, diagnostics };
}

interface Reference {
  readonly name: string;
  readonly where: Where;
}

function referenceOf(parsed: Parsed, diagnostics: Diagnostic[]): Reference | undefined {
  const entry = parsed.root?.kind === 'map' ? parsed.root.entries.get('extends') : undefined;
  if (!entry) return undefined;
  const { node } = entry;
  if (node.kind === 'scalar' && typeof node.value === 'string' && node.value.trim() !== '') {
    return { name: node.value, where: node.where };
  }
  const where = node.where.end > node.where.start ? node.where : entry.keyWhere;
  const message = '`extends` names one config file, for example `./base.ssm.yaml`.';
  diagnostics.push(diagnose(where, 'error', 'wrong-type', message));
  return undefined;
}

async function loadBase(
  current: Parsed,
  reference: Reference,
  parts: readonly Parsed[],
  { reader, presets }: ExtendsOptions,
  diagnostics: Diagnostic[],
): Promise<Parsed | undefined> {
  const { name, where } = reference;
  const fail = (code: string, message: string, suggestion?: string): undefined => {
    diagnostics.push(diagnose(where, 'error', code, message, suggestion === undefined ? {} : { suggestion }));
  };
  // Half a character that editing left cannot be part of a file name.
  if (!isWellFormed(name)) return fail('extends-missing', 'The name of the base holds half a character.');
  const preset = presets?.get(name);
  const file = preset === undefined ? reader.resolve(current.source.file, name) : `preset:${name}`;
  const cycle = parts.findIndex((part) => part.source.file === file);
  if (cycle >= 0) {
    const names = [...parts.slice(cycle), parts[cycle] as Parsed].map((part) => baseName(part.source.file));
    return fail('extends-cycle', `\`extends\` goes in a circle: ${names.join(' → ')}.`);
  }
  if (parts.length > maxChain)
    return fail('extends-cycle', `\`extends\` goes over more than ${maxChain} files.`);
  try {
    return parseConfig(file, preset ?? (await reader.read(file)));
  } catch (error) {
    const looksLikePreset = !/[./\\]/.test(name);
    const guess = looksLikePreset ? nearest(name, presets?.keys() ?? []) : undefined;
    const hint = guess
      ? ` Did you mean the preset \`${guess}\`?`
      : looksLikePreset
        ? ' It is not a preset either; a file is written with its ending, for example `./base.ssm.yaml`.'
        : ' The path is taken from the folder of this file.';
    return fail(
      'extends-missing',
      `The base \`${name}\` cannot be read: ${readFailure(error)}.${hint}`,
      guess,
    );
  }
}

const baseName = (file: string): string => file.split(/[/\\]/).pop() ?? file;

/** The tree without its `extends` key, ready to be merged. */
export function withoutExtends(node: ConfigNode): ConfigNode {
  if (node.kind !== 'map' || !node.entries.has('extends')) return node;
  const entries = new Map<string, Entry>([...node.entries].filter(([key]) => key !== 'extends'));
  return { ...node, entries } satisfies MapNode;
}
