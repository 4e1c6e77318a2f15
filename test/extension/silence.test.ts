/** @file When a page is taken not to come: only after it was seen so long without a word. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { whenSilent } from '../../src/extension/panels/silence';

/** A panel whose page speaks, and which is closed, by hand. */
function panel() {
  const words = new Set<() => void>();
  const ends = new Set<() => void>();
  const on = (set: Set<() => void>) => (listener: () => void) => {
    set.add(listener);
    return { dispose: () => set.delete(listener) };
  };
  const fire = (set: Set<() => void>): void => [...set].forEach((listener) => listener());
  return {
    visible: true,
    webview: { onDidReceiveMessage: on(words) as never },
    onDidDispose: on(ends) as never,
    speak: () => fire(words),
    close: () => fire(ends),
    listeners: () => words.size + ends.size,
  };
}

/** In small steps: within a long one the timers of Node's tests do not notice what was cleared. */
function pass(ms: number): void {
  for (let gone = 0; gone < ms; gone += 100) mock.timers.tick(100);
}

describe('a page that does not come', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('is noticed once, after the patience one has with it', () => {
    const one = panel();
    const act = mock.fn();
    whenSilent(one, 5000, act);
    pass(4900);
    assert.equal(act.mock.callCount(), 0);
    pass(60_000);
    assert.equal(act.mock.callCount(), 1);
    assert.equal(one.listeners(), 0);
  });

  it('counts only while it is seen', () => {
    const one = panel();
    const act = mock.fn();
    one.visible = false;
    whenSilent(one, 5000, act);
    pass(60_000);
    one.visible = true;
    pass(4000);
    assert.equal(act.mock.callCount(), 0);
    pass(1000);
    assert.equal(act.mock.callCount(), 1);
  });

  for (const end of ['speak', 'close'] as const)
    it(`is none once it ${end}s`, () => {
      const one = panel();
      const act = mock.fn();
      whenSilent(one, 5000, act);
      pass(4000);
      one[end]();
      pass(60_000);
      assert.equal(act.mock.callCount(), 0);
      assert.equal(one.listeners(), 0);
    });
});
