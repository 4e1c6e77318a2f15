/** @file The requests and notifications of the playground's process; their contents are in `protocol/playground`. */
import { NotificationType, NotificationType0, RequestType, RequestType0 } from 'vscode-jsonrpc';

/** Contents are `unknown` on the wire: whoever receives one checks it. */
export const methods = {
  facts: new RequestType0<unknown, void>('facts'),
  /** The ids of a prompt. */
  encode: new RequestType<unknown, unknown, void>('encode'),
  /** Answers when the text has ended; one at a time. */
  generate: new RequestType<unknown, unknown, void>('generate'),
  /** Ends the request in progress behind its current token. */
  stop: new NotificationType0('stop'),
  began: new NotificationType<unknown>('began'),
  tokens: new NotificationType<unknown>('tokens'),
} as const;
