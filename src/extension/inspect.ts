/**
 * @file The numbers behind the scan panel: `inspect … --json` in a child process, with the last answers kept.
 * A run that has a newer checkpoint is asked anew.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { Answers, type Token } from './answers';
import { runCli } from './child';
import { UserError } from './errors';
import type { InspectRequest } from './services';

const answers = new Answers<unknown>(32);
/** Numbers of a probe that are asked for. */
const LARGEST = 4_000_000;

export async function inspect(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  request: InspectRequest,
  token?: vscode.CancellationToken,
  progress?: (bytes: number) => void,
): Promise<unknown> {
  if (!vscode.workspace.isTrusted) {
    throw new UserError('Inspecting runs a model, so it waits until you trust this workspace.');
  }
  const args = ['inspect', request.target, '--json'];
  // States of large layers do not fit into a message; the panel computes those of a channel itself.
  if (request.probe === undefined) args.push('--limit', String(LARGEST));
  if (request.layer !== undefined) args.push('--layer', String(request.layer));
  if (request.probe !== undefined) args.push('--probe', request.probe);
  if (request.channel !== undefined) args.push('--channel', String(request.channel));
  if (request.example !== undefined) args.push('--example', String(request.example));
  if (request.ids !== undefined) args.push('--ids', request.ids.join(','));
  const key = JSON.stringify([args, await version(request.target)]);
  return answers.get(key, (own, tell) => compute(context, log, args, own, tell), token, progress);
}

async function compute(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  args: readonly string[],
  token: Token,
  progress: (bytes: number) => void,
): Promise<unknown> {
  const started = performance.now();
  const { code, signal, stdout, stderr } = await runCli(context, args, { token, onOutput: progress });
  log.debug(`${args.join(' ')}: ${Math.round(performance.now() - started)} ms, exit code ${code}`);
  if (signal !== null)
    throw new UserError(
      `The process that computed it was ended by ${signal}; out of memory is a frequent reason.`,
    );
  if (code !== 0) throw new UserError(lastLine(stderr) ?? `Inspecting failed with exit code ${code}.`);
  try {
    return JSON.parse(stdout) as unknown;
  } catch {
    throw new Error(`Inspecting answered something that is no JSON: ${stdout.slice(0, 200)}`);
  }
}

const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1) || undefined;

/** What the answer depends on besides the arguments: the newest checkpoint of a run, the text of a config. */
async function version(target: string): Promise<string> {
  const checkpoints = await fs.readdir(path.join(target, 'checkpoints')).catch(() => undefined);
  if (checkpoints !== undefined) return checkpoints.toSorted().at(-1) ?? 'none';
  const stat = await fs.stat(target).catch(() => undefined);
  return String(stat?.mtimeMs);
}
