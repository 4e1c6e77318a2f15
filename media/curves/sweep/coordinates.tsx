/** @file The parallel coordinates with their title, and what they show in words. */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { resultTitles, type Result, type SweepAxis, type SweepRow } from '../../../src/figures/sweep/axes';
import { drawParallel, type Parallel } from '../../../src/figures/sweep/parallel';
import { SceneCanvas } from '../../shared/canvas';
import { LinkButton } from '../../shared/controls';
import type { PartProps } from '../part';
import { useSweepPointer, type Moving } from './pointer';

const height = 390;

/** "lr 3e−3 to 1e−2": what a brush holds, by the values inside it. */
function brushWords(axis: SweepAxis, [low, high]: readonly [number, number]): string {
  const inside = axis.ticks
    .filter(({ at }) => at >= low - 1e-9 && at <= high + 1e-9)
    .map(({ label }) => label);
  if (inside.length === 0) return axis.title;
  return `${axis.title} ${inside.length === 1 ? inside[0] : `${inside[0]} to ${inside.at(-1)}`}`;
}

export function Coordinates({
  model,
  rows,
  axes,
  target,
  kept,
  width,
  measure,
}: PartProps & {
  rows: readonly SweepRow[];
  axes: readonly SweepAxis[];
  target: Result;
  /** The configs that pass the brushes, the best one first. */
  kept: readonly SweepRow[];
}): JSX.Element {
  const { theme } = model;
  const { brushes } = model.state;
  const { hovered } = model.cursor;
  const [moving, setMoving] = useState<Moving>();
  const parallel = useMemo(
    () => drawParallel(rows, axes, { target, brushes, hovered, moving }, { width, height }, theme, measure),
    [rows, axes, brushes, hovered, moving, width, theme, measure],
  );
  const root = useRef<HTMLDivElement>(null);
  const latest = useRef<Parallel>(parallel);
  latest.current = parallel;
  useSweepPointer(root, latest, model, setMoving);
  const brushed = axes.flatMap((axis) => (brushes[axis.id] ? [brushWords(axis, brushes[axis.id]!)] : []));
  const how = `one line per config · ${theme.kind.includes('light') ? 'dark' : 'bright'} is better · five best on top`;
  return (
    <>
      <h2 class="chart-title">
        <span>Swept keys and results</span>
        <span class="secondary unit">{`${how}${brushed.length > 0 ? ` · brushed: ${brushed.join(', ')}` : ''}`}</span>
        {brushed.length > 0 && (
          <LinkButton onClick={() => model.patch({ brushes: {} })}>Clear brushes</LinkButton>
        )}
      </h2>
      <div
        class="plot parallel"
        ref={root}
        tabIndex={0}
        role="img"
        aria-label={`Parallel coordinates of ${rows.length} configs over ${axes.map(({ title }) => title).join(', ')}`}
        aria-describedby="sweep-summary"
        data-axes={parallel.axes.map(({ axis, x }) => `${axis.id}:${Math.round(x)}`).join(' ')}
        data-span={`${parallel.top},${parallel.bottom}`}
      >
        <SceneCanvas scene={parallel.scene} />
      </div>
      <p id="sweep-summary" class="sr-only">
        {kept[0]
          ? `Best ${resultTitles[target].title}: ${kept[0].name}. ${kept.length} of ${rows.length} configs pass the brushes.`
          : 'No config has a result yet.'}
      </p>
    </>
  );
}
