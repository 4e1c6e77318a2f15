/** @file Running a sweep: the command line's own `sweep` in a terminal, where it can be watched and stopped. */
import path from 'node:path';
import * as vscode from 'vscode';
import { cliPath } from '../child';
import { pickConfig, toSource } from '../runs/source';
import type { Studio } from '../studio';
import { ensureTrusted } from '../trust';

/** Starts every combination of a config's `sweep` that is not finished yet; its runs appear in the Runs view. */
export async function runSweep(studio: Studio, argument?: unknown): Promise<void> {
  if (!(await ensureTrusted('Running a sweep'))) return;
  const uri = await pickConfig(argument);
  if (uri === undefined) return;
  const source = await toSource(uri, studio.context);
  const name = `Sweep: ${source.stem}`;
  const open = vscode.window.terminals.find((one) => one.name === name && one.exitStatus === undefined);
  if (open) {
    open.show(true);
    return;
  }
  const terminal = vscode.window.createTerminal({
    name,
    cwd: path.dirname(source.file),
    iconPath: new vscode.ThemeIcon('beaker'),
    shellPath: process.execPath,
    shellArgs: [cliPath(studio.context), 'sweep', source.file],
    env: { ELECTRON_RUN_AS_NODE: '1' },
    isTransient: true,
  });
  terminal.show(true);
}
