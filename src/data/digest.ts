/** @file Digests of data: equal digests mean equal batches for equal seeds. */
import { createHash } from 'node:crypto';

const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/**
 * SHA-256 in hex over a data set's name, the options that decide its batches, and what it has read.
 * @param contents each counts with its length, so that two files are not one
 */
export function dataDigest(name: string, options: object, contents: readonly Uint8Array[] = []): string {
  const hash = createHash('sha256').update(`${name}\n${sortedJson(options)}\n`);
  for (const content of contents) hash.update(`${content.length}\n`).update(content);
  return hash.digest('hex');
}

/** The same for a data set that is read from files, of which the content counts and not the paths. */
export const filesDigest = (
  name: string,
  options: { readonly files: readonly string[] },
  files: readonly { readonly content: Uint8Array }[],
): string =>
  dataDigest(
    name,
    { ...options, files: undefined },
    files.map(({ content }) => content),
  );
