/** @file A figure on a canvas: what is under the pointer, choosing it, and the same in words. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { pickAt, type Figure } from '../../src/figures/scan/figure';
import { announce } from '../shared/announce';
import { SceneCanvas } from '../shared/canvas';
import type { ScanModel } from './model';

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
  const latest = useRef(figure);
  latest.current = figure;
  const spoken = useRef(figure.summary);
  useEffect(() => {
    // Only what a person has just changed is worth saying.
    if (spoken.current !== figure.summary && document.activeElement === root.current)
      announce(figure.summary, !model.playing);
    spoken.current = figure.summary;
  }, [figure.summary]);
  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const place = (event: MouseEvent): [number, number] => {
      const box = element.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const move = (event: PointerEvent): void => {
      const [x, y] = place(event);
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
      const pick = pickAt(latest.current, ...place(event));
      if (pick) model.choose(pick);
    };
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerleave', leave);
    element.addEventListener('pointerdown', down);
    return () => {
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerleave', leave);
      element.removeEventListener('pointerdown', down);
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
