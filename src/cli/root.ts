/** @file Where this installation lies, from the sources and from a bundle alike. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Package {
  readonly name?: string;
  readonly version?: string;
}

let found: { readonly root: string; readonly version: string } | undefined;

/** The folder of our package.json and the version in it. */
export function installation(): { readonly root: string; readonly version: string } {
  if (found !== undefined) return found;
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version = '0' } = JSON.parse(readFileSync(file, 'utf8')) as Package;
      if (name === 'ssm-studio') return (found = { root: folder, version });
    }
    if (dirname(folder) === folder)
      throw new Error('The installation is incomplete: its package.json is missing.');
  }
}

/** Data files that ship with the product. */
export const bundledData = (): string => join(installation().root, 'media', 'data');

/** Command and arguments that start this command line again, from a bundle and from the sources alike. */
export const ownCommand = (): string[] => [process.execPath, ...process.execArgv, process.argv[1]!];
