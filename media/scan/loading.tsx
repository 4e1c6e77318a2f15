/**
 * @file Until the first answer: the empty axes of the view, after a moment the words for what is being done, and later
 * a way to end it. While another answer is awaited the words stand at the foot of the panel, so that nothing moves.
 */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Measure } from '../../src/figures/core/scene';
import { drawSkeleton } from '../../src/figures/scan/skeleton';
import { SceneCanvas } from '../shared/canvas';
import type { ScanModel } from './model';

/** Milliseconds of waiting after which it is said what for, and after which it can be ended. */
const SAY_MS = 200;
const CANCEL_MS = 1000;

export type Patience = 'none' | 'words' | 'cancel';

/** How long the panel has been waiting, in the steps that are shown. */
export function usePatience(busy: boolean): Patience {
  const [patience, setPatience] = useState<Patience>('none');
  useEffect(() => {
    if (!busy) return undefined;
    const timers = [
      window.setTimeout(() => setPatience('words'), SAY_MS),
      window.setTimeout(() => setPatience('cancel'), CANCEL_MS),
    ];
    return () => {
      for (const timer of timers) window.clearTimeout(timer);
      setPatience('none');
    };
  }, [busy]);
  return busy ? patience : 'none';
}

/** The line is there from the start: screen readers tell what changes in it. */
export function WaitingLine({
  model,
  patience,
  foot,
}: {
  model: ScanModel;
  patience: Patience;
  /** Above the picture's foot, taking no room. */
  foot?: boolean;
}): JSX.Element {
  const silent = patience === 'none';
  return (
    <div class={`line waiting${foot ? ' foot' : ''}${silent ? ' silent' : ''}`} data-testid="waiting">
      <span class="secondary" role="status">
        {silent ? '' : `${model.waiting.text} …`}
      </span>
      {patience === 'cancel' && (
        <button type="button" class="button quiet" onClick={() => model.waiting.cancel()}>
          Cancel
        </button>
      )}
    </div>
  );
}

export function Skeleton({
  model,
  width,
  measure,
  narrow,
}: {
  model: ScanModel;
  width: number;
  measure: Measure;
  narrow: boolean;
}): JSX.Element {
  const { theme, state } = model;
  const rows = model.rows();
  const length = model.length || state.ids?.length;
  const scene = useMemo(
    () => drawSkeleton(state.view, { width, narrow, theme, measureText: measure, rows, length }),
    [state.view, width, narrow, theme, measure, rows.join(), length],
  );
  return (
    <div class={state.view === 'sequence' ? 'views' : 'views single'} data-testid="skeleton">
      <div class={state.view === 'sequence' ? 'sequence' : 'figure'}>
        <div class="plot">
          <SceneCanvas scene={scene} />
        </div>
      </div>
      {state.view === 'sequence' && (
        <section class="step">
          <div class="step-head">
            <h2>The step in numbers</h2>
          </div>
        </section>
      )}
    </div>
  );
}
