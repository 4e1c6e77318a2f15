/**
 * @file What is dropped on the Runs view: a run folder is followed, anything else is opened as a checkpoint.
 *
 * An empty view takes no drops: the editor shows its welcome there instead of the tree, and only trees take drops. With
 * a message or a row of its own the tree would come back, but the button and the links of the welcome would go.
 */
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { RunsNode } from './runs-tree';

const URIS = 'text/uri-list';
/** Things that are opened of one drop. */
const MOST = 8;

export class CheckpointDrop implements vscode.TreeDragAndDropController<RunsNode> {
  readonly dragMimeTypes = [];
  readonly dropMimeTypes = [URIS];

  async handleDrop(_: RunsNode | undefined, data: vscode.DataTransfer): Promise<void> {
    const text = await data.get(URIS)?.asString();
    if (text === undefined) return;
    for (const file of droppedFiles(text).slice(0, MOST)) {
      const isRun = fs.existsSync(path.join(file, 'run.json'));
      await vscode.commands.executeCommand(
        isRun ? 'ssm.addRun' : 'ssm.openCheckpoint',
        vscode.Uri.file(file),
      );
    }
  }
}

/** Paths of a list of addresses (RFC 2483): one per line, comments begin with #. */
export function droppedFiles(list: string): string[] {
  return list
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      try {
        const uri = vscode.Uri.parse(line, true);
        return uri.scheme === 'file' || uri.scheme === 'vscode-remote' ? [uri.fsPath] : [];
      } catch {
        return [];
      }
    });
}
