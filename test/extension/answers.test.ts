/** @file Answers for several panels: computed once, kept, and ended when nobody waits any more. */
import assert from 'node:assert/strict';
import { Answers, CancelledError, type Token } from '../../src/extension/answers';

/** A token as the editor's source gives it. */
function source() {
  const listeners = new Set<() => void>();
  const token = {
    isCancellationRequested: false,
    onCancellationRequested: (listener: () => void) => {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    },
  };
  return {
    token: token as Token,
    cancel: () => {
      token.isCancellationRequested = true;
      for (const listener of [...listeners]) listener();
    },
    listening: () => listeners.size,
  };
}

/** A job that is finished by hand, as often as it is started. */
function job() {
  const started: {
    ended: boolean;
    finish(answer: string): void;
    fail(error: Error): void;
    tell(bytes: number): void;
  }[] = [];
  const compute = (token: Token, progress: (bytes: number) => void): Promise<string> =>
    new Promise((resolve, reject) => {
      const one = { ended: false, finish: resolve, fail: reject, tell: progress };
      started.push(one);
      token.onCancellationRequested(() => {
        one.ended = true;
        reject(new CancelledError());
      });
    });
  return { started, compute };
}

describe('answers that panels share', () => {
  it('are computed once and kept, the newest ones', async () => {
    const answers = new Answers<string>(2);
    const { started, compute } = job();
    const both = [answers.get('a', compute), answers.get('a', compute)];
    assert.equal(started.length, 1);
    started[0]!.finish('A');
    assert.deepEqual(await Promise.all(both), ['A', 'A']);
    assert.equal(await answers.get('a', compute), 'A');
    for (const key of ['b', 'c']) {
      const next = answers.get(key, compute);
      started.at(-1)!.finish(key);
      await next;
    }
    assert.equal(started.length, 3);
    const again = answers.get('a', compute);
    assert.equal(started.length, 4, 'the oldest was let go');
    started[3]!.finish('A2');
    assert.equal(await again, 'A2');
  });

  it('go on for the others when one has enough, and end with the last', async () => {
    const answers = new Answers<string>(8);
    const { started, compute } = job();
    const [first, second] = [source(), source()];
    const one = answers.get('a', compute, first.token);
    const other = answers.get('a', compute, second.token);
    first.cancel();
    await assert.rejects(one, CancelledError);
    assert.equal(started[0]!.ended, false);
    started[0]!.finish('A');
    assert.equal(await other, 'A');
    assert.equal(second.listening(), 0);
    const [third, fourth] = [source(), source()];
    const left = [answers.get('b', compute, third.token), answers.get('b', compute, fourth.token)];
    third.cancel();
    fourth.cancel();
    for (const promise of left) await assert.rejects(promise, CancelledError);
    assert.equal(started[1]!.ended, true);
  });

  it('are computed anew after they were ended or failed', async () => {
    const answers = new Answers<string>(8);
    const { started, compute } = job();
    const only = source();
    const ended = answers.get('a', compute, only.token);
    only.cancel();
    // Asked again at once, before anything else happens.
    const again = answers.get('a', compute);
    await assert.rejects(ended, CancelledError);
    assert.equal(started.length, 2);
    started[1]!.fail(new Error('damaged'));
    await assert.rejects(again, /damaged/);
    const third = answers.get('a', compute);
    assert.equal(started.length, 3);
    started[2]!.finish('A');
    assert.equal(await third, 'A');
    const late = source();
    late.cancel();
    await assert.rejects(answers.get('a', compute, late.token), CancelledError);
  });

  it('tell everybody who waits how much has come', async () => {
    const answers = new Answers<string>(8);
    const { started, compute } = job();
    const told: string[] = [];
    const one = answers.get('a', compute, undefined, (bytes) => told.push(`one ${bytes}`));
    const leaving = source();
    const two = answers.get('a', compute, leaving.token, (bytes) => told.push(`two ${bytes}`));
    started[0]!.tell(10);
    leaving.cancel();
    await assert.rejects(two, CancelledError);
    started[0]!.tell(20);
    started[0]!.finish('A');
    await one;
    assert.deepEqual(told, ['one 10', 'two 10', 'one 20']);
  });
});
