/** @file A picture of Scan: canvas, what lies over it, what is under the pointer, and the same in words. */
import type { ComponentChildren, JSX, RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Scene } from '../../src/figures/core/scene';
import { SceneCanvas } from '../shared/canvas';
import { TipBox, type Tip } from './tip';

/** What a picture and the gestures on it share. */
export interface Pointed<T> {
  readonly root: RefObject<HTMLDivElement | null>;
  /** What is drawn at the moment. */
  readonly latest: RefObject<T>;
  readonly tip: Tip | undefined;
  readonly setTip: (tip: Tip | undefined) => void;
}

export function usePointed<T>(drawn: T): Pointed<T> {
  const root = useRef<HTMLDivElement>(null);
  const [tip, setTip] = useState<Tip>();
  const latest = useRef(drawn);
  latest.current = drawn;
  return { root, latest, tip, setTip };
}

export function Picture({
  name,
  pointed: { root, tip },
  scene,
  label,
  summary,
  data = {},
  children,
}: {
  /** Of the words for people who do not see it. */
  name: 'scan' | 'figure';
  pointed: Pick<Pointed<unknown>, 'root' | 'tip'>;
  scene: Scene;
  /** Name, unit, scale and extent of the picture. */
  label: string;
  summary: string;
  /** Where things lie on it, told to the outside. */
  data?: Readonly<Record<`data-${string}`, string | number>>;
  /** What lies over the canvas. */
  children?: ComponentChildren;
}): JSX.Element {
  const id = `${name}-summary`;
  return (
    <>
      <div class="plot" ref={root} tabIndex={0} role="img" aria-label={label} aria-describedby={id} {...data}>
        <SceneCanvas scene={scene} />
        {children}
        {tip && <TipBox tip={tip} width={scene.width} />}
      </div>
      <p id={id} class="sr-only">
        {summary}
      </p>
    </>
  );
}
