/** @file Puts `ssm-studio` on the PATH of integrated terminals: a small wrapper in the extension's storage. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type * as vscode from 'vscode';
import { cliPath } from './child';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Writes the wrapper (it names this installation, so it is rewritten at every activation) and extends PATH. */
export async function offerCommand(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
): Promise<void> {
  const folder = path.join(context.globalStorageUri.fsPath, 'bin');
  const windows = process.platform === 'win32';
  const file = path.join(folder, windows ? 'ssm-studio.cmd' : 'ssm-studio');
  const text = windows
    ? `@echo off\r\nset ELECTRON_RUN_AS_NODE=1\r\n"${process.execPath}" "${cliPath(context)}" %*\r\n`
    : `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${quoted(process.execPath)} ${quoted(cliPath(context))} "$@"\n`;
  try {
    const old = await fs.readFile(file, 'utf8').catch(() => '');
    if (old !== text) {
      await fs.mkdir(folder, { recursive: true });
      await fs.writeFile(`${file}.new`, text, { mode: 0o755 });
      await fs.rename(`${file}.new`, file);
    }
    const variables = context.environmentVariableCollection;
    variables.description = 'Puts the command `ssm-studio` on the PATH.';
    variables.prepend('PATH', folder + path.delimiter);
  } catch (error) {
    log.warn(`The command ssm-studio is not on the PATH of terminals: ${String(error)}`);
  }
}
