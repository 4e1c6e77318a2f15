/** @file Reading configs for commands that need a right one. */
import type { RunConfig } from '../models/config';
import { formatText, hasErrors, resolveFile } from '../language';
import { EXIT, Exit } from './errors';

export interface ReadConfig {
  readonly config: RunConfig;
  /** Everything explicit, as YAML. */
  readonly text: string;
}

/**
 * Resolves a config; what is wrong with it goes to stderr.
 * @param options.warnings also print what is not an error (default)
 * @param options.trains whether the config is read to train it (default); what training takes is no matter otherwise
 * @throws Exit 1 when there are errors
 */
export async function readConfig(
  file: string,
  set: readonly string[] = [],
  { warnings = true, trains = true }: { readonly warnings?: boolean; readonly trains?: boolean } = {},
): Promise<ReadConfig> {
  const { config, text, diagnostics, sweep } = await resolveFile(file, { set, trains });
  const wrong = hasErrors(diagnostics);
  if (wrong || (warnings && diagnostics.length > 0)) process.stderr.write(formatText(diagnostics, [file]));
  if (wrong || config === undefined || text === undefined) throw new Exit(EXIT.error);
  if (warnings && sweep !== undefined) {
    process.stderr.write(`${file} describes a sweep; only its base, without the sweep, is used here.\n`);
  }
  return { config, text };
}
