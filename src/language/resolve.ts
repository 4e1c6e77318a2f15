/** @file From a file or a buffer to a resolved config, with everything that is wrong on the way. */
import {
  applySettings,
  combine,
  diskReader,
  hasErrors,
  loadChain,
  parseConfig,
  readFailure,
  sortDiagnostics,
  stringifyConfig,
  type Chain,
  type Diagnostic,
  type Plain,
  type Reader,
} from '../config';
import type { RunConfig } from '../models/config';
import { analyse, type Analysis } from './analyse';
import { withDerived } from './derive';
import { absoluteFiles } from './files';
import type { Language } from './language';
import { checkSweep, withoutSweep, type SweepAxis } from './sweep';

export interface ResolveOptions {
  /** `KEY=VALUE` settings laid over the file, in order. */
  readonly set?: readonly string[];
  /** False where the config is not read to train it: what training takes in memory is then no matter. */
  readonly trains?: boolean;
}

export interface Resolved {
  /** Present when there is no error: every default explicit, file names absolute. */
  readonly config?: RunConfig;
  /** The same as YAML, ready to be written into a run folder. */
  readonly text?: string;
  readonly diagnostics: readonly Diagnostic[];
  /** The axes of `sweep`, where there is one. */
  readonly sweep?: readonly SweepAxis[];
  /** Every file that was read: the config first, then its bases. */
  readonly files: readonly string[];
  readonly analysis?: Analysis;
}

export async function resolveFileWith(
  language: Language,
  file: string,
  options: ResolveOptions = {},
  reader: Reader = diskReader,
): Promise<Resolved> {
  let text: string;
  try {
    text = await reader.read(file);
  } catch (error) {
    const where = { file, line: 1, column: 1, endLine: 1, endColumn: 1 };
    const message = `The config cannot be read: ${readFailure(error)}.`;
    return { diagnostics: [{ ...where, severity: 'error', code: 'file-missing', message }], files: [file] };
  }
  return resolveTextWith(language, text, file, reader, options);
}

export async function resolveTextWith(
  language: Language,
  text: string,
  file: string,
  reader: Reader,
  options: ResolveOptions = {},
): Promise<Resolved> {
  const { presets } = language.registry;
  const chain = await loadChain(parseConfig(file, text), { reader, ...(presets ? { presets } : {}) });
  return resolveChain(language, chain, reader, options);
}

/** The part that reads nothing. */
export function resolveChain(
  language: Language,
  chain: Chain,
  reader: Reader,
  options: ResolveOptions = {},
): Resolved {
  const files = chain.parts.map((part) => part.source.file);
  const diagnostics: Diagnostic[] = [...chain.diagnostics];
  const merged = combine(chain.parts, language.rules);
  const set = applySettings(merged.root, options.set ?? [], language.rules);
  diagnostics.push(...merged.diagnostics, ...set.diagnostics);
  const { root: written, sweep } = withoutSweep(set.root);
  const root = withDerived(written, language, reader);
  const syntaxErrors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  const analysis = analyse(root, language, options.trains);
  diagnostics.push(
    ...(syntaxErrors.length > 0 ? calm(analysis.diagnostics, syntaxErrors) : analysis.diagnostics),
  );
  const result = { files, analysis };
  let axes: readonly SweepAxis[] | undefined;
  if (sweep && !hasErrors(diagnostics)) {
    const checked = checkSweep(root, sweep, language);
    diagnostics.push(...checked.diagnostics);
    axes = checked.axes;
  }
  const sorted = sortDiagnostics(diagnostics);
  if (!analysis.config || hasErrors(sorted)) return { ...result, diagnostics: sorted };
  const data = absoluteFiles(analysis.config.data as Plain, root, language, reader) as RunConfig['data'];
  const config: RunConfig = { ...analysis.config, data };
  return new Whole(result.files, analysis, sorted, config, axes);
}

/** A config without errors. Its text is written when somebody asks for it: it takes as long as all the checks. */
class Whole implements Resolved {
  #text: string | undefined;

  constructor(
    readonly files: readonly string[],
    readonly analysis: Analysis,
    readonly diagnostics: readonly Diagnostic[],
    readonly config: RunConfig,
    readonly sweep: readonly SweepAxis[] | undefined,
  ) {}

  get text(): string {
    this.#text ??= stringifyConfig(
      this.config as unknown as Plain,
      'Resolved by SSM Studio: every default is written out.',
    );
    return this.#text;
  }
}

/**
 * While the text itself is broken, complaints that may only follow from that are left out: what is missing, and
 * everything from the first broken line of the same file on.
 */
function calm(found: readonly Diagnostic[], broken: readonly Diagnostic[]): Diagnostic[] {
  return found.filter((diagnostic) => {
    if (diagnostic.code === 'missing-key') return false;
    return !broken.some((error) => error.file === diagnostic.file && diagnostic.line >= error.line - 1);
  });
}
