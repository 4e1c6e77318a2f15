/** @file Pointer and wheel on a picture, told apart: an element that only listens, and events as a browser sends them. */
import assert from 'node:assert/strict';
import { listen, wheelTurn, type Drag, type Gestures } from '../../media/shared/gestures';

/** An element whose corner is at 100, 50, and what its gestures were told. */
function picture(drag: Partial<Drag> | undefined = {}, more: Partial<Gestures> = {}) {
  const told: unknown[] = [];
  const tell =
    (name: string) =>
    (...args: unknown[]): void => {
      told.push([name, ...args.filter((arg) => !(arg instanceof Event))]);
    };
  const captured: number[] = [];
  const element = Object.assign(new EventTarget(), {
    clientHeight: 400,
    getBoundingClientRect: () => ({ left: 100, top: 50 }),
    setPointerCapture: (pointer: number) => captured.push(pointer),
  });
  const stop = listen(element as unknown as HTMLElement, {
    hover: tell('hover'),
    leave: tell('leave'),
    press(at) {
      tell('press')(at);
      return (
        drag && { move: tell('move'), drop: tell('drop'), click: tell('click'), end: tell('end'), ...drag }
      );
    },
    ...more,
  });
  const send = (type: string, x: number, y: number, more: object = {}): Event => {
    const event = new Event(type, { cancelable: true });
    element.dispatchEvent(Object.assign(event, { clientX: 100 + x, clientY: 50 + y, pointerId: 1, ...more }));
    return event;
  };
  const names = (): unknown[] => told.map((entry) => (entry as unknown[])[0]);
  return { send, stop, told, names, captured };
}

const wheel = { deltaX: 0, deltaY: 0, deltaMode: 0, ctrlKey: false, metaKey: false, shiftKey: false };

describe('gestures on a picture', () => {
  it('hovers and leaves while nothing is held, in px of the picture', () => {
    const { send, told, captured } = picture();
    send('pointermove', 3, 4);
    send('pointerleave', -1, 4);
    assert.deepEqual(told, [['hover', { x: 3, y: 4 }], ['leave']]);
    assert.deepEqual(captured, []);
  });

  it('takes a press that hardly moves for a click', () => {
    const { send, told, captured } = picture();
    send('pointerdown', 10, 10);
    send('pointermove', 12, 13);
    send('pointerup', 12, 13);
    send('pointermove', 13, 13);
    assert.deepEqual(told, [
      ['press', { x: 10, y: 10 }],
      ['click', { x: 12, y: 13 }],
      ['end'],
      ['hover', { x: 13, y: 13 }],
    ]);
    assert.deepEqual(captured, [1]);
  });

  it('drags from where it has moved far enough, also back to where it began', () => {
    const { send, names } = picture();
    send('pointerdown', 10, 10);
    send('pointermove', 14, 13);
    send('pointermove', 10, 10);
    send('pointerleave', -5, 10);
    send('pointerup', 10, 10);
    assert.deepEqual(names(), ['press', 'move', 'move', 'drop', 'end']);
  });

  it('counts only the direction that a drag has, and as little as it wants', () => {
    const along = picture({ along: 'x' });
    along.send('pointerdown', 0, 0);
    along.send('pointermove', 4, 90);
    along.send('pointermove', 5, 90);
    along.send('pointerup', 5, 90);
    assert.deepEqual(along.names(), ['press', 'move', 'drop', 'end']);
    const atOnce = picture({ still: 0 });
    atOnce.send('pointerdown', 0, 0);
    atOnce.send('pointermove', 0, 1);
    assert.deepEqual(atOnce.names(), ['press', 'move']);
  });

  it('holds nothing where a press begins nothing', () => {
    const element = picture(undefined, { press: () => undefined });
    element.send('pointerdown', 0, 0);
    element.send('pointermove', 50, 0);
    element.send('pointerup', 50, 0);
    assert.deepEqual(element.names(), ['hover']);
    assert.deepEqual(element.captured, []);
  });

  it('ends a drag that the system takes away, as a finger that scrolls is, without its effect', () => {
    const { send, names } = picture();
    send('pointerdown', 10, 10);
    send('pointermove', 50, 10);
    send('pointercancel', 0, 0);
    send('pointermove', 60, 10);
    send('pointerup', 60, 10);
    assert.deepEqual(names(), ['press', 'move', 'end', 'hover']);
  });

  it('leaves a drag to the finger that began it', () => {
    const { send, told } = picture();
    send('pointerdown', 0, 0);
    send('pointerdown', 80, 80, { pointerId: 2 });
    send('pointermove', 90, 90, { pointerId: 2 });
    send('pointermove', 0, 20);
    send('pointerup', 90, 90, { pointerId: 2 });
    send('pointerup', 0, 20);
    assert.deepEqual(told, [
      ['press', { x: 0, y: 0 }],
      ['move', { x: 0, y: 20 }],
      ['drop', { x: 0, y: 20 }],
      ['end'],
    ]);
  });

  it('shows nothing more of a drag during which the picture goes', () => {
    const { send, stop, names } = picture();
    send('pointerdown', 0, 0);
    send('pointermove', 50, 0);
    stop();
    send('pointerup', 50, 0);
    send('pointermove', 60, 0);
    assert.deepEqual(names(), ['press', 'move', 'end']);
  });

  it('keeps the page still only for what the picture takes', () => {
    const asked: unknown[] = [];
    const { send } = picture(
      {},
      {
        zoom: (factor, at) => (asked.push(['zoom', factor, at]), true),
        pan: (by, at) => (asked.push(['pan', by, at]), at.x < 50),
      },
    );
    assert.equal(send('wheel', 7, 8, { ...wheel, deltaY: 30 }).defaultPrevented, false);
    assert.equal(send('wheel', 7, 8, { ...wheel, deltaY: 30, ctrlKey: true }).defaultPrevented, true);
    assert.equal(send('wheel', 7, 8, { ...wheel, deltaX: 30 }).defaultPrevented, true);
    assert.equal(send('wheel', 70, 8, { ...wheel, deltaX: 30 }).defaultPrevented, false);
    assert.deepEqual(asked, [
      ['zoom', Math.exp(0.3), { x: 7, y: 8 }],
      ['pan', 30, { x: 7, y: 8 }],
      ['pan', 30, { x: 70, y: 8 }],
    ]);
  });

  it('keeps the page from scrolling under a finger only where that drags upright', () => {
    const touched = (more: Partial<Gestures>, drag: Partial<Drag>, press = true): boolean => {
      const { send } = picture(drag, more);
      if (press) send('pointerdown', 0, 0);
      const { defaultPrevented } = send('touchmove', 0, 9);
      send('pointerup', 0, 9);
      assert.equal(send('touchmove', 0, 20).defaultPrevented, false, 'nothing is held any more');
      return defaultPrevented;
    };
    assert.equal(touched({ upright: true }, { along: 'y' }), true);
    assert.equal(touched({ upright: true }, { along: 'x' }), false);
    assert.equal(touched({ upright: true }, { along: 'y' }, false), false);
    assert.equal(touched({}, { along: 'y' }), false);
  });

  it('shows all again on a double click', () => {
    const { send, told } = picture({}, { reset: (at) => told.push(['reset', at]) });
    send('dblclick', 5, 6);
    assert.deepEqual(told, [['reset', { x: 5, y: 6 }]]);
  });
});

describe('a wheel', () => {
  const turn = (event: Partial<typeof wheel>) => wheelTurn({ ...wheel, ...event }, 400);

  it('follows two fingers that pinch, whose events add up to the logarithm of the factor', () => {
    let zoomed = 1;
    for (let k = 0; k < 20; k++) {
      const step = turn({ ctrlKey: true, deltaY: (-100 * Math.log(2)) / 20 });
      zoomed *= step?.kind === 'zoom' ? step.factor : Number.NaN;
    }
    assert.ok(Math.abs(zoomed - 0.5) < 1e-12, String(zoomed));
  });

  it('zooms by one amount for a notch of any mouse, with Ctrl or ⌘', () => {
    const notches = [
      { ctrlKey: true, deltaY: 120 },
      { metaKey: true, deltaY: 100 },
      { ctrlKey: true, deltaY: 1, deltaMode: 2 },
    ].map(turn);
    for (const notch of notches) assert.deepEqual(notch, { kind: 'zoom', factor: Math.exp(0.5) });
    assert.deepEqual(turn({ ctrlKey: true, deltaY: -3, deltaMode: 1 }), {
      kind: 'zoom',
      factor: Math.exp(-0.48),
    });
  });

  it('pans by what goes sideways, and by all of it with Shift', () => {
    assert.deepEqual(turn({ deltaX: -12, deltaY: 5 }), { kind: 'pan', by: -12 });
    assert.deepEqual(turn({ shiftKey: true, deltaY: 120 }), { kind: 'pan', by: 120 });
    assert.deepEqual(turn({ shiftKey: true, deltaX: 1, deltaY: -40 }), { kind: 'pan', by: -40 });
    assert.deepEqual(turn({ deltaX: 3, deltaMode: 1 }), { kind: 'pan', by: 48 });
    assert.deepEqual(turn({ deltaX: 1, deltaMode: 2 }), { kind: 'pan', by: 400 });
  });

  it('is the page’s otherwise', () => {
    assert.equal(turn({ deltaY: 120 }), undefined);
    assert.equal(turn({ deltaX: 5, deltaY: 5 }), undefined);
    assert.equal(turn({ shiftKey: true }), undefined);
  });
});
