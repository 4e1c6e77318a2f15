/** @file Data options that follow from a file, set as if they were written where the file is named. */
import { isAbsolute, resolve } from 'node:path';
import { nodeAt, toPlain, type ConfigNode, type Entry, type Reader } from '../config';
import { folderOf } from './files';
import type { Language } from './language';

/** The tree with the options that its data set derives, for example `vocab_size` of a tokenizer.json. */
export function withDerived(root: ConfigNode, { registry }: Language, reader: Reader): ConfigNode {
  const data = nodeAt(root, ['data']);
  if (root.kind !== 'map' || data?.kind !== 'map') return root;
  const { type, ...written } = toPlain(data) as Record<string, unknown>;
  const definition =
    typeof type === 'string' && Object.hasOwn(registry.datasets, type) ? registry.datasets[type] : undefined;
  if (!definition?.derive) return root;
  let source: ConfigNode = data;
  const derived = definition.derive(written, (file) => {
    source =
      [...data.entries.values()].find(({ node }) => node.kind === 'scalar' && node.value === file)?.node ??
      data;
    const folder = folderOf(source, root, reader);
    if (isAbsolute(file)) return file;
    return folder === undefined ? undefined : resolve(folder, file);
  });
  const { where } = source;
  const added = Object.entries(derived).map(([key, value]): [string, Entry] => [
    key,
    { key, keyWhere: where, node: { kind: 'scalar', where, value, quoted: false } },
  ]);
  if (added.length === 0) return root;
  const entry: Entry = {
    ...root.entries.get('data')!,
    node: { ...data, entries: new Map([...data.entries, ...added]) },
  };
  return { ...root, entries: new Map(root.entries).set('data', entry) };
}
