/** @file *Show Runtime Info*: versions, devices and paths as a document that can be copied into a report. */
import os from 'node:os';
import * as vscode from 'vscode';
import { cliPath, runCli } from '../child';
import type { Studio } from '../studio';

export async function showRuntimeInfo(studio: Studio): Promise<void> {
  const { context } = studio;
  const version = (context.extension.packageJSON as { version: string }).version;
  const lines = [
    '# SSM Studio runtime',
    '',
    `SSM Studio ${version}, VS Code ${vscode.version}`,
    `${os.type()} ${os.release()} ${os.arch()}, ${os.availableParallelism()} processors, ${(os.totalmem() / 2 ** 30).toFixed(1)} GiB memory`,
    `Node ${process.versions.node}${process.versions.electron === undefined ? '' : `, Electron ${process.versions.electron}`}: ${process.execPath}`,
    `Command line: ${cliPath(context)}`,
    `Trusted workspace: ${vscode.workspace.isTrusted ? 'yes' : 'no'}`,
    '',
  ];
  if (vscode.workspace.isTrusted) {
    const { code, stdout, stderr } = await runCli(context, ['info', '--json']);
    lines.push('## Runtime', '');
    lines.push(
      ...(code === 0 ? describe(stdout) : [`It did not answer (exit code ${code}): ${stderr.trim()}`]),
    );
  } else lines.push('The runtime itself is asked when the workspace is trusted.');
  const document = await vscode.workspace.openTextDocument({
    language: 'markdown',
    content: `${lines.join('\n')}\n`,
  });
  await vscode.window.showTextDocument(document);
}

/** One line per entry; nested values as JSON. */
function describe(json: string): string[] {
  const answer = JSON.parse(json) as Record<string, unknown>;
  return Object.entries(answer).map(
    ([key, value]) => `- ${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
}
