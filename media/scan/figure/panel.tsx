/** @file A figure on a canvas, what lies over it under the pointer, and the same in words. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Figure } from '../../../src/figures/scan/figure';
import { announce } from '../../shared/announce';
import { SceneCanvas } from '../../shared/canvas';
import type { ScanModel } from '../model';
import { TipBox, type Tip } from '../tip';
import { usePointer, type Brush } from './pointer';

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
  usePointer(root, latest, model, { tip: setTip, brush: setBrush });
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
        {brush && <BrushBox brush={brush} />}
        {tip && <TipBox tip={tip} width={figure.scene.width} />}
      </div>
      <p id="figure-summary" class="sr-only">
        {figure.summary}
      </p>
    </div>
  );
}

/** The part of a matrix that is being marked; its place is set as properties, which the content policy allows. */
function BrushBox({ brush }: { brush: Brush }): JSX.Element {
  return (
    <div
      class="brush"
      ref={(element) => {
        if (!element) return;
        element.style.transform = `translate(${brush.x}px, ${brush.y}px)`;
        element.style.width = `${brush.side}px`;
        element.style.height = `${brush.side}px`;
      }}
    />
  );
}
