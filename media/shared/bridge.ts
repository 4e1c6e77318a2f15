/** @file The door to the host: checked messages both ways, state that survives a reload. */
import type * as z from 'zod';
import { readMessage } from '../../src/protocol/view';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

export interface Bridge<In, Out, State> {
  send(message: Out): void;
  /** The state of before the reload; undefined when there is none or it is not understood. */
  readonly restored: State | undefined;
  save(state: State): void;
  onMessage(listener: (message: In) => void): void;
}

/** What the page that this one replaces had saved. */
function handedOver(): unknown {
  const saved = document.getElementById('root')?.dataset['saved'];
  return saved === undefined ? undefined : JSON.parse(saved);
}

/** Acquires the host once; messages that fit no schema are reported and dropped. */
export function connect<In, Out extends { type: string }, State>(schemas: {
  incoming: z.ZodType<In>;
  outgoing: z.ZodType<Out>;
  state: z.ZodType<State>;
}): Bridge<In, Out, State> {
  const api = acquireVsCodeApi();
  const report = (message: string): void =>
    api.postMessage({ type: 'error', message: message.slice(0, 10_000) });
  const listeners: ((message: In) => void)[] = [];
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const read = readMessage(schemas.incoming, event.data);
    if (read.problem !== undefined) {
      report(`A message from the host was not understood: ${read.problem}`);
      return;
    }
    for (const listener of listeners) listener(read.message);
  });
  window.addEventListener('error', (event) => {
    report(`${event.message} (${event.filename.split('/').at(-1)}:${event.lineno})`);
  });
  window.addEventListener('unhandledrejection', (event) => report(`Unhandled: ${String(event.reason)}`));
  const state = schemas.state.safeParse(api.getState() ?? handedOver());
  if (state.success) api.setState(state.data);
  return {
    send: (message) => api.postMessage(schemas.outgoing.parse(message)),
    restored: state.success ? state.data : undefined,
    save: (next) => api.setState(next),
    onMessage: (listener) => void listeners.push(listener),
  };
}
