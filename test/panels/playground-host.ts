/** @file The host's side of a Playground panel for tests and pictures: answers requests as the process does. */
import type { FromPlayground } from '../../src/protocol/view-playground';
import type { Finish } from '../../src/protocol/playground';
import type { OpenPanel } from './harness';
import { continued, result } from './playground-fixture';
import { settled } from './showing';

export type GenerateMessage = Extract<FromPlayground, { type: 'generate' }>;

/** The newest request of the panel. */
export async function requestOf(panel: OpenPanel): Promise<GenerateMessage> {
  await settled(panel.page);
  const found = (await panel.sent()).findLast((message) => message.type === 'generate');
  if (!found) throw new Error('The panel has asked for nothing.');
  return found as unknown as GenerateMessage;
}

/** Answers the newest request: as many tokens as it asks for, in two messages. */
export async function answerNext(panel: OpenPanel, finish: Finish = 'length'): Promise<GenerateMessage> {
  const message = await requestOf(panel);
  const { request, prompt, path, settings } = message;
  const before = prompt + String.fromCharCode(...path);
  const text = path.length > 0 ? String.fromCharCode(path.at(-1)!) : '';
  const promptTokens = new TextEncoder().encode(prompt).length;
  await panel.post({
    type: 'began',
    request,
    beginning: { promptTokens, read: path.length > 0 ? 0 : promptTokens, repeated: 0, seconds: 0.0067, text },
  });
  const tokens = continued(before, Math.max(1, settings.maxTokens - path.length), settings);
  const half = Math.floor(tokens.length / 2);
  await panel.post({ type: 'tokens', request, from: 0, tokens: tokens.slice(0, half) });
  await panel.post({ type: 'tokens', request, from: half, tokens: tokens.slice(half) });
  await panel.post({ type: 'finished', request, result: result(tokens.length, finish) });
  await panel.page.waitForTimeout(80);
  return message;
}
