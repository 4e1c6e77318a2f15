/** @file Completion of file names for options that name files, and links to them. */
import { promises as fs } from 'node:fs';
import * as path from 'node:path';
import { CompletionItemKind, type CompletionItem } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import type { Cursor } from '../cursor';

const maxEntries = 200;

/** Entries of the folder that the typed prefix is in; only for documents on this machine's disk. */
export async function fileItems(
  cursor: Cursor,
  document: TextDocument,
  kind: string,
  item: (label: string, text: string, more: Partial<CompletionItem>) => CompletionItem,
): Promise<CompletionItem[]> {
  const uri = URI.parse(document.uri);
  if (uri.scheme !== 'file') return [];
  const typed = cursor.prefix;
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  try {
    const entries = await fs.readdir(path.resolve(path.dirname(uri.fsPath), folder), { withFileTypes: true });
    return entries
      .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .filter((entry) => entry.isDirectory() || kind !== 'config' || /\.ssm\.(ya?ml|json)$/.test(entry.name))
      .filter((entry) => path.basename(uri.fsPath) !== entry.name)
      .slice(0, maxEntries)
      .map((entry) => {
        const isFolder = entry.isDirectory();
        // A bare word could be a preset; `./` makes it a file.
        const start = folder === '' && kind === 'config' ? './' : folder;
        const text = `${start}${entry.name}${isFolder ? '/' : ''}`;
        return item(text, text, {
          kind: isFolder ? CompletionItemKind.Folder : CompletionItemKind.File,
          sortText: `${isFolder ? 1 : 0}${entry.name}`,
          ...(isFolder ? { command: { title: 'Suggest', command: 'editor.action.triggerSuggest' } } : {}),
        });
      });
  } catch {
    return [];
  }
}
