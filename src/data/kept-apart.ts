/** @file Items from files, split: what trains, what validates, and what tests where its files are kept apart. */
import * as z from 'zod';
import type { DataContext, Split } from './define';
import { dataDigest } from './digest';
import { splitItems } from './stored';
import { readTextFiles, type TextFile } from './text/files';

/** `validation` and `test`. @param what the items are called */
export const shareOptions = (what: string) => ({
  validation: z.number().gt(0).lt(1).default(0.1).describe(`Share of the ${what} that validates.`),
  test: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe(`Share of the ${what} that tests; without effect beside \`test_files\`.`),
});

/**
 * `files` and `test_files`.
 * @param kind of file, as `meta({ path })`
 * @param described what `files` are
 */
export function fileOptions(kind: string, described: string) {
  const files = z.array(z.string().min(1).max(4096)).min(1);
  return {
    files: files.describe(described).meta({ path: kind }),
    test_files: files
      .optional()
      .describe('Files that test and nothing else, where the authors keep them apart.')
      .meta({ path: kind }),
  };
}

interface Given {
  readonly files: readonly string[];
  readonly test_files?: readonly string[] | undefined;
  readonly validation: number;
  readonly test: number;
}

/**
 * @param read the items of one file
 * @param what the items are called
 * @returns the items, and the digest of all that decides them
 * @throws DataError when a file is missing or damaged, or too few items are left
 */
export async function readItems<Item>(
  name: string,
  given: Given,
  context: DataContext,
  what: string,
  read: (file: TextFile) => readonly Item[] | Promise<readonly Item[]>,
): Promise<{ readonly splits: Readonly<Record<Split, readonly Item[]>>; readonly hash: string }> {
  const { test_files, ...rest } = given;
  const files = await readTextFiles(given.files, context);
  const apart = test_files === undefined ? [] : await readTextFiles(test_files, context, 'test_files');
  const all = async (some: readonly TextFile[]): Promise<Item[]> =>
    (await Promise.all(some.map(async (file) => read(file)))).flat();
  const items = await all(files);
  const shares = test_files === undefined ? given : { ...given, test: 0 };
  const places = splitItems(name, items.length, shares, what);
  const chosen = (split: Split): Item[] => places[split].map((place) => items[place]!);
  const options = test_files === undefined ? rest : { ...rest, test: undefined, test_files: apart.length };
  return {
    splits: {
      train: chosen('train'),
      validation: chosen('validation'),
      test: test_files === undefined ? chosen('test') : await all(apart),
    },
    hash: dataDigest(
      name,
      { ...options, files: undefined },
      [...files, ...apart].map(({ content }) => content),
    ),
  };
}
