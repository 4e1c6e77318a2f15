/**
 * @file Starts our command line in a child process with the executable that runs this extension: Node, or
 * Electron told to be Node. The extension host itself never computes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type * as vscode from 'vscode';
import { CancelledError, type Token } from './answers';

/** The command-line bundle of this installation. */
export const cliPath = (context: vscode.ExtensionContext): string =>
  context.asAbsolutePath(path.join('dist', 'cli.js'));

/** The environment for a child that must behave as plain Node. */
export function nodeEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...extra, ELECTRON_RUN_AS_NODE: '1' };
  // Inherited switches of the extension host (inspector ports, loaders) do not fit a child.
  delete environment.NODE_OPTIONS;
  for (const name of Object.keys(environment)) if (name.startsWith('VSCODE_')) delete environment[name];
  return environment;
}

export interface CliResult {
  readonly code: number | null;
  /** What ended it, when it did not end by itself. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. Cancelling ends the child and rejects. */
export function runCli(
  context: vscode.ExtensionContext,
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly token?: Token;
    readonly input?: string;
    /** Told with every piece of the output: bytes so far. */
    readonly onOutput?: (bytes: number) => void;
  } = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(process.execPath, [cliPath(context), ...args], {
      cwd: options.cwd,
      env: nodeEnvironment({ NO_COLOR: '1' }),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let received = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      received += chunk.length;
      options.onOutput?.(received);
    });
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    const cancelled = options.token?.onCancellationRequested(() => {
      child.kill();
      reject(new CancelledError());
    });
    child.once('error', (error) => {
      cancelled?.dispose();
      reject(new Error(`The runtime did not start: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      cancelled?.dispose();
      resolve({
        code,
        signal,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      });
    });
  });
}
