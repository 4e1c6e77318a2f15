/** @file What is under the pointer, in words beside it. */
import type { JSX } from 'preact';

export interface Tip {
  /** The pointer, px on the picture. */
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** px between the pointer and the words beside and below it. */
const BESIDE = 14;
const BELOW = 18;

/** At the right of the pointer, at its left where that has no room. @param width px of the picture */
export function TipBox({ tip, width }: { tip: Tip; width: number }): JSX.Element {
  return (
    <div
      class="tip"
      ref={(element) => {
        if (!element) return;
        const after = tip.x + BESIDE;
        const before = tip.x - BESIDE - element.offsetWidth;
        const x = Math.max(0, after + element.offsetWidth <= width ? after : before);
        element.style.transform = `translate(${Math.round(x)}px, ${Math.round(tip.y + BELOW)}px)`;
      }}
    >
      {tip.text}
    </div>
  );
}
