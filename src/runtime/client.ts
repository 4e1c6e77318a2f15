/**
 * @file How the editor and the terminal start a run and talk to one: the process is its own, so whoever
 * started it may go away and somebody else may attach.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { MessageConnection } from 'vscode-jsonrpc';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import * as z from 'zod';
import {
  notifications,
  requests,
  type CheckpointReply,
  type LiveStatus,
  type ProbeReply,
} from './process/protocol';

export type { CheckpointReply, LiveStatus, ProbeReply } from './process/protocol';

/** Everything a process of a run prints when nobody watches its terminal. */
export const LOG_FILE = 'log.txt';

export interface SpawnRunOptions {
  /** The command line's script, with loader flags before it where it is not a bundle. */
  readonly cli: readonly string[];
  /** The config; when resuming the one in the run folder serves if this is left out. */
  readonly config: string;
  readonly runDir: string;
  readonly resume?: boolean;
  readonly device?: string;
  readonly threads?: number;
  readonly set?: readonly string[];
  /** A detached run outlives this process. */
  readonly detached: boolean;
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

export interface RunExit {
  /** 0 finished, 1 error, 130 stopped after saving. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines of the log, to show when something went wrong. */
  readonly log: string;
}

export interface SpawnedRun {
  readonly pid: number;
  readonly runDir: string;
  /** Settles when the process ends while this one lives. */
  readonly exited: Promise<RunExit>;
  /** Attaches as soon as the run listens; rejects with the log when it ends before. */
  attach(): Promise<RunConnection>;
}

/** Starts `train` with the executable that runs this code: Node, or Electron told to be Node. */
export async function spawnRun(options: SpawnRunOptions): Promise<SpawnedRun> {
  const { runDir } = options;
  mkdirSync(runDir, { recursive: true });
  const logPath = join(runDir, LOG_FILE);
  const log = openSync(logPath, 'a');
  const flags = [
    ...(options.resume === true ? ['--resume'] : []),
    ...(options.device === undefined ? [] : ['--device', options.device]),
    ...(options.threads === undefined ? [] : ['--threads', String(options.threads)]),
    ...(options.set ?? []).flatMap((assignment) => ['--set', assignment]),
  ];
  try {
    const child = spawn(
      process.execPath,
      [...options.cli, 'train', options.config, '--run-dir', runDir, ...flags],
      {
        cwd: options.cwd,
        env: { ...(options.environment ?? process.env), ELECTRON_RUN_AS_NODE: '1' },
        detached: options.detached,
        stdio: ['ignore', log, log],
        windowsHide: true,
      },
    );
    await once(child, 'spawn');
    if (options.detached) child.unref();
    const exited = new Promise<RunExit>((resolve) => {
      child.once('exit', (code, signal) => {
        void tail(logPath).then((text) => resolve({ code, signal, log: text }));
      });
    });
    let ended: RunExit | undefined;
    void exited.then((exit) => (ended = exit));
    return {
      pid: child.pid!,
      runDir,
      exited,
      attach: () => attachWhenReady(runDir, child.pid!, () => ended),
    };
  } finally {
    closeSync(log);
  }
}

async function attachWhenReady(
  runDir: string,
  pid: number,
  ended: () => RunExit | undefined,
): Promise<RunConnection> {
  for (;;) {
    const exit = ended();
    if (exit !== undefined) throw new Error(exit.log || `The run ended with exit code ${exit.code}.`);
    const endpoint = await readEndpoint(runDir).catch(() => undefined);
    // A resumed folder may still name the socket of an earlier process.
    if (endpoint !== undefined && endpoint.pid === pid) return attach(runDir);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The last 4 kB of a log. */
async function tail(path: string): Promise<string> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - 4096);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.subarray(0, bytesRead).toString('utf8').trim();
  } finally {
    await handle.close();
  }
}

const runFile = z.object({
  pid: z.int().optional(),
  endpoint: z.object({ path: z.string(), token: z.string() }).optional(),
});

async function readEndpoint(
  runDir: string,
): Promise<{ path: string; token: string; pid?: number } | undefined> {
  const run = runFile.parse(JSON.parse(await readFile(join(runDir, 'run.json'), 'utf8')));
  return run.endpoint && { ...run.endpoint, ...(run.pid === undefined ? {} : { pid: run.pid }) };
}

/** The run is not live, or cannot be reached from here. */
export class NotAttached extends Error {
  constructor(runDir: string, reason: string) {
    super(`Cannot attach to the run in ${runDir}: ${reason}.`);
    this.name = 'NotAttached';
  }
}

/**
 * Attaches to a live run, started here or elsewhere on this machine.
 * @throws NotAttached when nothing listens
 */
export async function attach(runDir: string): Promise<RunConnection> {
  const endpoint = await readEndpoint(runDir).catch((error: Error) => {
    throw new NotAttached(runDir, `run.json cannot be read (${error.message})`);
  });
  if (endpoint === undefined) throw new NotAttached(runDir, 'it is not running');
  const socket = await connected(endpoint.path).catch((error: NodeJS.ErrnoException) => {
    throw new NotAttached(runDir, `nothing answers at its socket (${error.code ?? error.message})`);
  });
  const connection = createMessageConnection(
    new SocketMessageReader(socket),
    new SocketMessageWriter(socket),
  );
  const attached = new RunConnection(connection, socket);
  try {
    await attached.hello(endpoint.token);
  } catch (error) {
    attached.dispose();
    throw new NotAttached(runDir, (error as Error).message);
  }
  return attached;
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(1000, () => socket.destroy(new Error('no answer within a second')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}

/** A connection to a live run. Disposing of it detaches and leaves the run alone. */
export class RunConnection {
  /** Settles when the connection ends, for whatever reason. */
  readonly closed: Promise<void>;

  constructor(
    readonly connection: MessageConnection,
    readonly socket: Socket,
  ) {
    this.closed = new Promise((resolve) => {
      connection.onClose(() => resolve());
    });
    connection.onError(() => {});
    connection.listen();
  }

  /** @internal Shows the token; everything else is refused before. */
  hello(token: string): Promise<unknown> {
    return this.#answer(this.connection.sendRequest(requests.hello, { token }));
  }
  status(): Promise<LiveStatus> {
    return this.#answer(this.connection.sendRequest(requests.status));
  }
  /** Finishes the step, saves, ends; what ended before its answer came has stopped too. `closed` settles at the end. */
  async stop(): Promise<void> {
    await Promise.race([this.closed, this.connection.sendRequest(requests.stop)]);
  }
  pause(): Promise<LiveStatus> {
    return this.#answer(this.connection.sendRequest(requests.pause));
  }
  resume(): Promise<LiveStatus> {
    return this.#answer(this.connection.sendRequest(requests.resume));
  }
  checkpoint(): Promise<CheckpointReply> {
    return this.#answer(this.connection.sendRequest(requests.checkpoint));
  }
  /** Writes what a layer does on a held-out example into the run folder. */
  probe(layer: number, example = 0): Promise<ProbeReply> {
    return this.#answer(this.connection.sendRequest(requests.probe, { layer, example }));
  }
  onRow(listener: (row: unknown) => void): { dispose(): void } {
    return this.connection.onNotification(notifications.row, listener);
  }
  onStatus(listener: (status: LiveStatus) => void): { dispose(): void } {
    return this.connection.onNotification(notifications.status, listener);
  }
  onClose(listener: () => void): { dispose(): void } {
    return this.connection.onClose(listener);
  }
  dispose(): void {
    this.connection.dispose();
    this.socket.destroy();
  }

  /** A request is lost when the run ends before it answers. */
  #answer<T>(request: Promise<T>): Promise<T> {
    const lost = this.closed.then((): never => {
      throw new Error('The run ended before it answered.');
    });
    return Promise.race([request, lost]);
  }
}
