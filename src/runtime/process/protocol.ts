/**
 * @file What the process of a run answers on its local socket: JSON-RPC requests and notifications.
 *
 * A client must send `hello` with the token from run.json first; until then every other request is refused.
 * Bulk data never passes here: a probe is written into the run folder and its path is returned.
 */
import * as z from 'zod';
import { NotificationType, RequestType, RequestType0 } from 'vscode-jsonrpc';

export const PROTOCOL_VERSION = 1;

export const helloSchema = z.object({ token: z.string() });
export const probeSchema = z.object({
  /** Layer number after expanding `repeat`. */
  layer: z.int().min(0),
  /** Held-out example. */
  example: z.int().min(0).default(0),
});

/** What a run is doing right now. */
export interface LiveStatus {
  readonly id: string;
  readonly step: number;
  readonly steps: number;
  readonly state: 'preparing' | 'running' | 'paused' | 'stopping';
  readonly loss?: number;
  readonly stepsPerSecond?: number;
  readonly secondsLeft?: number;
  /** Last evaluation of the validation split. */
  readonly evaluation?: { readonly step: number; readonly loss: number; readonly accuracy?: number };
}

export interface Hello {
  readonly protocol: number;
  readonly id: string;
}
export interface CheckpointReply {
  readonly step: number;
  /** Relative to the run folder. */
  readonly path: string;
}
export interface ProbeReply {
  /** A JSON file, relative to the run folder. */
  readonly path: string;
}

export const requests = {
  hello: new RequestType<z.input<typeof helloSchema>, Hello, void>('hello'),
  status: new RequestType0<LiveStatus, void>('status'),
  /** Finish the step, save, end. Answers at once. */
  stop: new RequestType0<LiveStatus, void>('stop'),
  pause: new RequestType0<LiveStatus, void>('pause'),
  resume: new RequestType0<LiveStatus, void>('resume'),
  /** Answers when the checkpoint is on disk. */
  checkpoint: new RequestType0<CheckpointReply, void>('checkpoint'),
  probe: new RequestType<z.input<typeof probeSchema>, ProbeReply, void>('probe'),
} as const;

export const notifications = {
  /** Every row of metrics.jsonl as it is written. */
  row: new NotificationType<unknown>('row'),
  status: new NotificationType<LiveStatus>('status'),
} as const;
