/** @file A figure on a canvas: what is under the pointer, choosing it, and the same in words. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Window } from '../../src/figures/scan/attention/window';
import { pickAt, type Figure, type Viewport } from '../../src/figures/scan/figure';
import { announce } from '../shared/announce';
import { SceneCanvas } from '../shared/canvas';
import type { ScanModel } from './model';

/** px that the pointer may move and still means a click. */
const STILL = 4;

/** A button held down on a matrix. */
interface Drag {
  readonly viewport: Viewport;
  readonly x: number;
  readonly y: number;
  /** The window that is moved; undefined while a part is being marked. */
  readonly pan: Window | undefined;
  moving: boolean;
}

interface Brush {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

interface Tip {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export function FigurePanel({
  model,
  figure,
  label,
}: {
  model: ScanModel;
  figure: Figure;
  /** Name, unit, scale and extent of the picture. */
  label: string;
}): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const [tip, setTip] = useState<Tip>();
  const [brush, setBrush] = useState<Brush>();
  const latest = useRef(figure);
  latest.current = figure;
  const spoken = useRef(figure.summary);
  useEffect(() => {
    // Only what a person has just changed is worth saying.
    if (spoken.current !== figure.summary && document.activeElement === root.current)
      announce(figure.summary, !model.playback.playing);
    spoken.current = figure.summary;
  }, [figure.summary]);
  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const place = (event: MouseEvent): [number, number] => {
      const box = element.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const viewportAt = (x: number, y: number): Viewport | undefined =>
      latest.current.viewports.find(
        (box) => x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height,
      );
    let drag: Drag | undefined;
    const pull = (x: number, y: number): void => {
      if (!drag) return;
      const { viewport, pan } = drag;
      drag.moving ||= Math.hypot(x - drag.x, y - drag.y) > STILL;
      if (!drag.moving) return;
      setTip(undefined);
      if (pan) {
        const each = viewport.size / viewport.width;
        model.cursor.pan(pan, (drag.y - y) * each, (drag.x - x) * each);
      } else setBrush(brushOf(drag, x, y));
    };
    const move = (event: PointerEvent): void => {
      const [x, y] = place(event);
      if (drag) {
        pull(x, y);
        return;
      }
      const pick = pickAt(latest.current, x, y);
      element.style.cursor = pick ? 'pointer' : 'default';
      setTip(pick && { x: Math.min(x + 14, latest.current.scene.width - 40), y: y + 18, text: pick.text });
      const over = pick?.source ?? pick?.position;
      if (model.linked !== over) {
        model.linked = over;
        model.notify();
      }
    };
    const leave = (): void => {
      setTip(undefined);
      model.linked = undefined;
      model.notify();
    };
    const down = (event: PointerEvent): void => {
      if (event.button !== 0) return;
      const [x, y] = place(event);
      const viewport = viewportAt(x, y);
      if (!viewport) {
        const pick = pickAt(latest.current, x, y);
        if (pick) model.choose(pick);
        return;
      }
      const { window } = model.state;
      drag = { viewport, x, y, pan: window && !event.shiftKey ? window : undefined, moving: false };
      element.setPointerCapture(event.pointerId);
    };
    const up = (event: PointerEvent): void => {
      if (!drag) return;
      const [x, y] = place(event);
      if (!drag.moving) {
        const pick = pickAt(latest.current, x, y);
        if (pick) model.choose(pick);
      } else if (!drag.pan) {
        const { viewport } = drag;
        const marked = brushOf(drag, x, y);
        const each = viewport.size / viewport.width;
        model.cursor.show({
          query: viewport.query + (marked.y - viewport.y) * each,
          key: viewport.key + (marked.x - viewport.x) * each,
          size: marked.side * each,
        });
      }
      drag = undefined;
      setBrush(undefined);
    };
    const cancel = (): void => {
      drag = undefined;
      setBrush(undefined);
    };
    const wheel = (event: WheelEvent): void => {
      const [x, y] = place(event);
      const viewport = viewportAt(x, y);
      if (!viewport) return;
      const each = viewport.size / viewport.width;
      const { window } = model.state;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        const factor = Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY * 0.004)));
        model.cursor.zoom(factor, {
          query: viewport.query + (y - viewport.y) * each,
          key: viewport.key + (x - viewport.x) * each,
        });
      } else if (window && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
        event.preventDefault();
        model.cursor.pan(window, 0, (event.deltaX || event.deltaY) * each);
      }
    };
    const double = (event: MouseEvent): void => {
      if (viewportAt(...place(event))) model.patch({ window: null });
    };
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerleave', leave);
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', cancel);
    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('dblclick', double);
    return () => {
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerleave', leave);
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', cancel);
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('dblclick', double);
    };
  }, [model]);
  const left = tip && tip.x > figure.scene.width * 0.6;
  return (
    <div class="figure">
      <div
        class="plot"
        ref={root}
        tabIndex={0}
        role="img"
        aria-label={label}
        aria-describedby="figure-summary"
        data-testid="figure"
      >
        <SceneCanvas scene={figure.scene} />
        {brush && (
          <div
            class="brush"
            ref={(element) => {
              if (!element) return;
              element.style.transform = `translate(${brush.x}px, ${brush.y}px)`;
              element.style.width = `${brush.side}px`;
              element.style.height = `${brush.side}px`;
            }}
          />
        )}
        {tip && (
          <div
            class={left ? 'tip at-left' : 'tip'}
            ref={(element) => {
              if (!element) return;
              const x = left ? tip.x - 28 - element.offsetWidth : tip.x;
              element.style.transform = `translate(${Math.round(Math.max(0, x))}px, ${Math.round(tip.y)}px)`;
            }}
          >
            {tip.text}
          </div>
        )}
      </div>
      <p id="figure-summary" class="sr-only">
        {figure.summary}
      </p>
    </div>
  );
}

/** The square between where a drag began and where it is, within the matrix. */
function brushOf({ viewport, x: fromX, y: fromY }: Drag, x: number, y: number): Brush {
  const inside = (value: number, from: number, size: number): number =>
    Math.max(from, Math.min(from + size, value));
  const [toX, toY] = [inside(x, viewport.x, viewport.width), inside(y, viewport.y, viewport.height)];
  const side = Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY));
  return {
    side,
    x: inside(toX < fromX ? fromX - side : fromX, viewport.x, viewport.width - side),
    y: inside(toY < fromY ? fromY - side : fromY, viewport.y, viewport.height - side),
  };
}
