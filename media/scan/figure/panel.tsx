/** @file A figure as a picture, with the part of a matrix that is being marked; what has changed is said. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Figure } from '../../../src/figures/scan/figure';
import { announce } from '../../shared/announce';
import type { ScanModel } from '../model';
import { Picture, usePointed } from '../picture';
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
  const pointed = usePointed(figure);
  const [brush, setBrush] = useState<Brush>();
  const spoken = useRef(figure.summary);
  useEffect(() => {
    // Only what a person has just changed is worth saying.
    if (spoken.current !== figure.summary && document.activeElement === pointed.root.current)
      announce(figure.summary, !model.playback.playing);
    spoken.current = figure.summary;
  }, [figure.summary]);
  usePointer(pointed, model, setBrush);
  return (
    <div class="figure">
      <Picture
        name="figure"
        pointed={pointed}
        scene={figure.scene}
        label={label}
        summary={figure.summary}
        data={{ 'data-testid': 'figure' }}
      >
        {brush && <BrushBox brush={brush} />}
      </Picture>
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
