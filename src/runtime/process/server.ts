/** @file The socket server of a run: token check, then status, stop, pause, resume, checkpoint, probe. */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { ErrorCodes, ResponseError, type MessageConnection } from 'vscode-jsonrpc';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import type * as z from 'zod';
import { createEndpoint, listen, type Endpoint, type OwnedEndpoint } from './endpoint';
import {
  helloSchema,
  notifications,
  probeSchema,
  PROTOCOL_VERSION,
  requests,
  type CheckpointReply,
  type LiveStatus,
  type ProbeReply,
} from './protocol';

/** What the server needs of the run that it stands in front of. */
export interface ServedRun {
  readonly id: string;
  status(): LiveStatus;
  stop(): void;
  pause(): void;
  resume(): void;
  checkpoint(): Promise<CheckpointReply>;
  probe(request: z.output<typeof probeSchema>): Promise<ProbeReply>;
}

const sameToken = (given: string, expected: string): boolean => {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
};

export class RunServer {
  readonly #clients = new Set<MessageConnection>();

  private constructor(
    readonly run: ServedRun,
    readonly endpoint: Endpoint,
    readonly server: Server,
  ) {}

  static async start(run: ServedRun): Promise<RunServer> {
    const endpoint: OwnedEndpoint = await createEndpoint();
    const server = createServer();
    const instance = new RunServer(run, endpoint, server);
    server.on('connection', (socket) => instance.#accept(socket));
    await listen(server, endpoint.path);
    await endpoint.secure();
    // Neither the server nor an attached client keeps a finished run alive.
    server.unref();
    instance.#dispose = () => endpoint.dispose();
    return instance;
  }
  #dispose: () => Promise<void> = async () => {};

  /** Tells every attached client. */
  row(row: unknown): void {
    for (const client of this.#clients) void client.sendNotification(notifications.row, row).catch(() => {});
  }

  announce(): void {
    const status = this.run.status();
    for (const client of this.#clients)
      void client.sendNotification(notifications.status, status).catch(() => {});
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.end();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    await this.#dispose();
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const connection = createMessageConnection(
      new SocketMessageReader(socket),
      new SocketMessageWriter(socket),
    );
    let known = false;
    const guarded =
      <P, R>(answer: (parameters: P) => R | Promise<R>) =>
      (parameters: P): R | Promise<R> => {
        if (!known) throw new ResponseError(ErrorCodes.InvalidRequest, 'Say hello with the token first.');
        return answer(parameters);
      };
    connection.onRequest(requests.hello, (parameters) => {
      const hello = helloSchema.safeParse(parameters);
      if (!hello.success || !sameToken(hello.data.token, this.endpoint.token)) {
        // Late enough for the answer to be on its way.
        setTimeout(() => socket.end(), 50).unref();
        throw new ResponseError(ErrorCodes.InvalidRequest, 'The token does not belong to this run.');
      }
      known = true;
      this.#clients.add(connection);
      return { protocol: PROTOCOL_VERSION, id: this.run.id };
    });
    const command = (act: () => void): (() => LiveStatus | Promise<LiveStatus>) =>
      guarded<void, LiveStatus>(() => {
        act();
        return this.run.status();
      }) as () => LiveStatus | Promise<LiveStatus>;
    connection.onRequest(
      requests.status,
      command(() => {}),
    );
    connection.onRequest(
      requests.stop,
      command(() => this.run.stop()),
    );
    connection.onRequest(
      requests.pause,
      command(() => this.run.pause()),
    );
    connection.onRequest(
      requests.resume,
      command(() => this.run.resume()),
    );
    connection.onRequest(
      requests.checkpoint,
      guarded<void, CheckpointReply>(() => this.run.checkpoint()) as () => Promise<CheckpointReply>,
    );
    connection.onRequest(
      requests.probe,
      guarded((parameters) => {
        const probe = probeSchema.safeParse(parameters);
        if (!probe.success) throw new ResponseError(ErrorCodes.InvalidParams, probe.error.message);
        return this.run.probe(probe.data);
      }),
    );
    connection.onClose(() => this.#clients.delete(connection));
    connection.listen();
  }
}
