/**
 * @file The process behind a playground: `playground … --stdio` with the model open, spoken to in JSON-RPC. What it
 * says is checked; when it ends, so does everything that was asked of it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import * as vscode from 'vscode';
import { ResponseError, type MessageConnection } from 'vscode-jsonrpc';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type * as z from 'zod';
import {
  beginningSchema,
  encodedSchema,
  factsSchema,
  resultSchema,
  tokensSchema,
  type Beginning,
  type Facts,
  type GenerateRequest,
  type Result,
  type Token,
  type WeightBits,
} from '../protocol/playground';
import { readMessage } from '../protocol/view';
import { methods } from '../runtime/playground/rpc';
import { cliPath, nodeEnvironment } from './child';
import { UserError } from './errors';

/** What is kept of the process's errors, to tell why it ended. */
const KEPT_ERRORS = 8000;

export interface PlaygroundListener {
  began(beginning: Beginning): void;
  tokens(from: number, tokens: readonly Token[]): void;
  /** The process has ended without being asked to. */
  ended(reason: string): void;
}

/** A model that is kept open. */
export interface PlaygroundProcess extends vscode.Disposable {
  facts(): Promise<Facts>;
  /** The ids of a prompt. */
  encode(prompt: string): Promise<number[]>;
  /** Resolves when the text has ended. */
  generate(request: GenerateRequest): Promise<Result>;
  stop(): void;
}

/** @throws UserError in Restricted Mode */
export function startPlayground(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  target: string,
  bits: WeightBits,
  listener: PlaygroundListener,
): PlaygroundProcess {
  if (!vscode.workspace.isTrusted)
    throw new UserError('The playground runs a model, so it waits until you trust this workspace.');
  const threads = vscode.workspace.getConfiguration('ssm').get('threads', 0);
  const flags = [
    ...(threads > 0 ? ['--threads', String(threads)] : []),
    ...(bits === 32 ? [] : ['--bits', String(bits)]),
  ];
  const child: ChildProcess = spawn(
    process.execPath,
    [cliPath(context), 'playground', target, '--stdio', ...flags],
    { env: nodeEnvironment({ NO_COLOR: '1' }), stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true },
  );
  let errors = '';
  let over = false;
  let end: (reason: Error) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => (end = reject));
  ended.catch(() => undefined);
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout!),
    new StreamMessageWriter(child.stdin!),
  );
  child.stdin!.on('error', () => undefined);
  child.stderr!.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-KEPT_ERRORS);
    log.debug(`playground of ${target}: ${chunk.toString('utf8').trimEnd()}`);
  });
  const finish = (reason: string): void => {
    if (over) return;
    over = true;
    connection.dispose();
    end(new UserError(reason));
    listener.ended(reason);
  };
  child.once('error', (error) => finish(`The runtime did not start: ${error.message}`));
  child.once('close', (code, signal) => finish(reasonOf(errors, code, signal)));
  connection.onNotification(methods.began, (raw) => {
    const read = readMessage(beginningSchema, raw);
    if (read.problem === undefined) listener.began(read.message);
    else log.warn(`The playground's process said something that was not understood: ${read.problem}`);
  });
  connection.onNotification(methods.tokens, (raw) => {
    const read = readMessage(tokensSchema, raw);
    if (read.problem === undefined) listener.tokens(read.message.from, read.message.tokens);
    else log.warn(`The playground's process said something that was not understood: ${read.problem}`);
  });
  connection.onError(([error]) => log.warn(`playground of ${target}: ${error.message}`));
  connection.listen();
  return {
    facts: () => ask(connection.sendRequest(methods.facts), factsSchema, ended),
    encode: async (prompt) =>
      (await ask(connection.sendRequest(methods.encode, { prompt }), encodedSchema, ended)).ids,
    generate: (request) => ask(connection.sendRequest(methods.generate, request), resultSchema, ended),
    stop: () => tell(connection, over),
    dispose() {
      over = true;
      connection.dispose();
      child.kill();
      end(new Error('The playground was closed.'));
    },
  };
}

function tell(connection: MessageConnection, over: boolean): void {
  if (!over) connection.sendNotification(methods.stop).catch(() => undefined);
}

/** The answer, checked; rejects when the process ends first. */
async function ask<T>(answer: Promise<unknown>, schema: z.ZodType<T>, ended: Promise<never>): Promise<T> {
  try {
    const read = readMessage(schema, await Promise.race([answer, ended]));
    if (read.problem !== undefined)
      throw new Error(`The playground's process answered something that was not understood: ${read.problem}`);
    return read.message;
  } catch (error) {
    throw error instanceof ResponseError ? new UserError(error.message) : error;
  } finally {
    answer.catch(() => undefined);
  }
}

/** The last thing that it said, or how it ended. */
function reasonOf(errors: string, code: number | null, signal: NodeJS.Signals | null): string {
  const said = errors
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^error: /, '');
  if (code !== 0 && code !== null && said) return said;
  return signal === null
    ? `The process of the model ended with exit code ${code ?? '?'}.`
    : `The process of the model was ended by ${signal}; out of memory is a frequent reason.`;
}
