/**
 * @file What a pointer and a wheel do on a picture, told apart: hovering, clicks, drags, zooming about a place, panning,
 * showing all again. What each of them means is the picture's own.
 */
import { useEffect } from 'preact/hooks';
import type { RefObject } from 'preact';

/** px that a held pointer may move and still means a click. */
export const STILL = 4;

/** A place on a picture, in px from its upper left corner. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** What holding a button has begun. Ends with `drop`, `click`, or neither when the system takes the pointer away. */
export interface Drag {
  /** The direction whose movement makes a drag of a click; both unless told. */
  readonly along?: 'x' | 'y';
  /** px of movement up to which it is a click; `STILL` unless told. */
  readonly still?: number;
  move(at: Spot, event: PointerEvent): void;
  /** Let go after it has moved. */
  drop?(at: Spot): void;
  /** Let go where it began. */
  click?(at: Spot): void;
  /** However it ended, last of all: what was shown of it goes. */
  end?(): void;
}

export interface Gestures {
  /** Drags along y, which a finger makes as well: the page scrolls only where none has begun. */
  readonly upright?: boolean;
  hover(at: Spot): void;
  leave(): void;
  /** A button goes down. @returns what that begins; undefined where it is nothing or done at once */
  press(at: Spot, event: PointerEvent): Drag | undefined;
  /** To show `factor` times as much about a place. @returns false where that is nothing to the picture */
  zoom?(factor: number, at: Spot): boolean;
  /** To move what is shown by px, as a scroll bar would. @returns false where the page is to scroll instead */
  pan?(by: number, at: Spot): boolean;
  /** Double click. */
  reset?(at: Spot): void;
}

/** Listens on the element while it is there; anew when one of `inputs` changes. */
export function useGestures(
  root: RefObject<HTMLElement | null>,
  gestures: () => Gestures,
  inputs: readonly unknown[],
): void {
  useEffect(() => (root.current ? listen(root.current, gestures()) : undefined), inputs);
}

/** @returns what ends the listening */
export function listen(element: HTMLElement, gestures: Gestures): () => void {
  const spot = (event: MouseEvent): Spot => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  let held: { drag: Drag; pointer: number; from: Spot; moved: boolean } | undefined;
  /** Of two fingers the second one is no part of what the first has begun. */
  const isOther = (event: PointerEvent): boolean => held !== undefined && event.pointerId !== held.pointer;

  const on = {
    pointerdown(event: PointerEvent): void {
      if (held) return;
      const from = spot(event);
      const drag = gestures.press(from, event);
      if (!drag) return;
      held = { drag, pointer: event.pointerId, from, moved: false };
      // Beyond the edge of the picture it goes on, and its end is heard.
      element.setPointerCapture(event.pointerId);
    },
    pointermove(event: PointerEvent): void {
      if (isOther(event)) return;
      const at = spot(event);
      if (!held) {
        gestures.hover(at);
        return;
      }
      held.moved ||= distance(held.from, at, held.drag.along) > (held.drag.still ?? STILL);
      if (held.moved) held.drag.move(at, event);
    },
    pointerup(event: PointerEvent): void {
      if (!held || isOther(event)) return;
      const { drag, moved } = held;
      held = undefined;
      if (moved) drag.drop?.(spot(event));
      else drag.click?.(spot(event));
      drag.end?.();
    },
    pointercancel(event: PointerEvent): void {
      if (!held || isOther(event)) return;
      const { drag } = held;
      held = undefined;
      drag.end?.();
    },
    pointerleave(): void {
      if (!held) gestures.leave();
    },
    dblclick(event: MouseEvent): void {
      gestures.reset?.(spot(event));
    },
    touchmove(event: TouchEvent): void {
      if (held?.drag.along === 'y' && event.cancelable) event.preventDefault();
    },
    wheel(event: WheelEvent): void {
      const turn = wheelTurn(event, element.clientHeight);
      const taken =
        turn?.kind === 'zoom'
          ? gestures.zoom?.(turn.factor, spot(event))
          : turn && gestures.pan?.(turn.by, spot(event));
      if (taken) event.preventDefault();
    },
  };
  const names = Object.keys(on) as (keyof typeof on)[];
  // The page waits with scrolling for what may prevent it: only pictures that need to ask that of it.
  const preventing = { wheel: gestures.zoom ?? gestures.pan, touchmove: gestures.upright };
  const heard = names.filter((name) => !(name in preventing) || preventing[name as keyof typeof preventing]);
  for (const name of heard)
    element.addEventListener(name, on[name] as EventListener, name in preventing ? { passive: false } : {});
  return () => {
    for (const name of heard) element.removeEventListener(name, on[name] as EventListener);
    held?.drag.end?.();
  };
}

function distance(from: Spot, at: Spot, along: Drag['along']): number {
  const [x, y] = [Math.abs(at.x - from.x), Math.abs(at.y - from.y)];
  return along === 'x' ? x : along === 'y' ? y : Math.hypot(x, y);
}

type Wheel = Pick<WheelEvent, 'deltaX' | 'deltaY' | 'deltaMode' | 'ctrlKey' | 'metaKey' | 'shiftKey'>;

/** px of a line, for wheels that count lines (`deltaMode` 1), as Firefox' do. */
const LINE = 16;
/** The most that one event zooms, as a logarithm: a notch of a mouse's wheel is 100 px and more. */
const NOTCH = 0.5;

/**
 * What a wheel event asks for: zoom with Ctrl or ⌘, else to pan when it goes sideways or with Shift; undefined where it is
 * the page's. Touchpads tell of pinching as of a wheel with Ctrl, by 100 px for a factor of e: what is between the fingers
 * stays there.
 * @param page px of a page, for wheels that count pages (`deltaMode` 2)
 */
export function wheelTurn(
  event: Wheel,
  page: number,
): { kind: 'zoom'; factor: number } | { kind: 'pan'; by: number } | undefined {
  const unit = event.deltaMode === 2 ? page : event.deltaMode === 1 ? LINE : 1;
  const [x, y] = [event.deltaX * unit, event.deltaY * unit];
  if (event.ctrlKey || event.metaKey)
    return { kind: 'zoom', factor: Math.exp(Math.max(-NOTCH, Math.min(NOTCH, y / 100))) };
  const by = Math.abs(x) > Math.abs(y) ? x : event.shiftKey ? y : 0;
  return by === 0 ? undefined : { kind: 'pan', by };
}
