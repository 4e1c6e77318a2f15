/** @file Options that name files: which they are, and their paths made independent of where they are written. */
import * as path from 'node:path';
import { nodeAt, type ConfigNode, type Path, type Plain, type Reader } from '../config';
import type { Language } from './language';
import type { Type } from './schema/types';

/** A written file name or pattern. */
export interface FileReference {
  readonly path: Path;
  readonly text: string;
  /** What the option takes, as its definition says: `text`, …; `config` for a base. */
  readonly kind: string;
  readonly node: ConfigNode;
}

/** File names in the tree, by the `path` fact of their fields (`.meta({path: 'files'})`). */
export function fileReferences(root: ConfigNode, language: Language): FileReference[] {
  const references: FileReference[] = [];
  const visit = (node: ConfigNode, at: Path, kind: string | undefined): void => {
    if (node.kind === 'scalar') {
      const { value } = node;
      if (kind && typeof value === 'string' && !isWord(language.locate(at, root)?.type, value)) {
        references.push({ path: at, text: value, kind, node });
      }
      return;
    }
    if (node.kind === 'list') {
      node.items.forEach((item, index) => visit(item, [...at, index], kind));
      return;
    }
    for (const [key, entry] of node.entries) {
      const path = [...at, key];
      const meta = language.locate(path, root)?.field?.docs.meta?.['path'];
      visit(entry.node, path, typeof meta === 'string' ? meta : undefined);
    }
  };
  for (const key of ['extends', 'data']) {
    const node = nodeAt(root, [key]);
    if (node) visit(node, [key], key === 'extends' ? 'config' : undefined);
  }
  return references;
}

/** `tokenizer: bytes` is one of the words that the option knows, not a file. */
function isWord(type: Type | undefined, value: string): boolean {
  if (type?.kind === 'choice') return type.values.includes(value);
  if (type?.kind === 'either') return type.options.some((option) => isWord(option, value));
  return false;
}

/** The data options with file names absolute, each from the folder of the file that writes it. */
export function absoluteFiles(data: Plain, root: ConfigNode, language: Language, reader: Reader): Plain {
  const copy = structuredClone(data);
  for (const { path: at, text, node } of fileReferences(root, language)) {
    if (at[0] !== 'data') continue;
    const folder = folderOf(node, root, reader);
    if (folder !== undefined) assign(copy, at.slice(1), absolute(folder, text));
  }
  return copy;
}

/** The folder on the disk that file names in a node start from. */
export function folderOf(node: ConfigNode, root: ConfigNode, reader: Reader): string | undefined {
  const { file } = node.where.source;
  // `--set` values are meant from the folder of the config itself.
  const disk = reader.toDisk(file === '--set' ? root.where.source.file : file);
  return disk === undefined ? undefined : path.dirname(disk);
}

const wildcard = /[*?[\]{}]/g;

/** Forward slashes on every platform, since patterns use the backslash for quoting. Shipped files keep their name. */
export function absolute(folder: string, text: string): string {
  if (/^[a-z]{2,}:/.test(text)) return text;
  const isPattern = text.search(wildcard) >= 0;
  // Brackets in the name of the folder are only letters there.
  const start = isPattern ? folder.replace(wildcard, '[$&]') : folder;
  const joined = path.isAbsolute(text) ? text : path.resolve(start, text);
  return path.sep === '\\' ? joined.replaceAll('\\', '/') : joined;
}

function assign(target: Plain, at: Path, value: string): void {
  let current: Plain | undefined = target;
  for (const [depth, step] of at.entries()) {
    if (current === null || typeof current !== 'object') return;
    const holder = current as Record<string | number, Plain>;
    if (depth === at.length - 1) holder[step] = value;
    else current = holder[step];
  }
}
