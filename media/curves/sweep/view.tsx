/** @file The Sweep view: parallel coordinates, the effect of each key, the best runs, the best curves. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import {
  passes,
  ranked,
  resultTitles,
  sweepAxes,
  type Result,
  type SweepRow,
} from '../../../src/figures/sweep/axes';
import { drawEffects, effectsSummary } from '../../../src/figures/sweep/effects';
import { SceneCanvas } from '../../shared/canvas';
import { useSource } from '../../shared/hooks';
import type { PartProps } from '../part';
import { BestCurves } from './best-curves';
import { Coordinates } from './coordinates';
import { sweepOf, targetOf, type Sweep } from './rows';
import { SweepTable } from './table';

export function SweepView({ model, width, measure }: PartProps): JSX.Element {
  useSource(model.cursor);
  const { brushes, axisOrder } = model.state;
  const sweep = useMemo(() => sweepOf(model), [model.tableVersion]);
  const { rows, keys } = sweep;
  const target = targetOf(model, rows);
  const axes = useMemo(() => sweepAxes(rows, keys, target, axisOrder), [rows, keys, target, axisOrder]);
  const kept = useMemo(
    () => ranked(rows, target).filter((row) => passes(row, axes, brushes)),
    [rows, target, axes, brushes],
  );
  const wide = width >= 1000;
  const inner = width - 32;
  const left = wide ? Math.floor((inner - 24) * 0.655) : inner;
  const right = wide ? inner - 24 - left : inner;
  return (
    <div class="sweep" data-testid="sweep" data-kept={kept.length} data-rows={rows.length}>
      <section class="sweep-main">
        <Coordinates {...{ model, rows, axes, target, kept, measure }} width={left} />
        <SweepTable model={model} sweep={sweep} rows={kept} target={target} />
      </section>
      <section class="sweep-side">
        <Effects {...{ model, sweep, target, kept }} width={right} />
        <BestCurves {...{ model, sweep, measure }} order={kept} width={right} />
      </section>
    </div>
  );
}

/** Which key matters, as dots and in words. */
function Effects({
  model,
  sweep: { rows, keys },
  target,
  kept,
  width,
}: Omit<PartProps, 'measure'> & {
  sweep: Sweep;
  target: Result;
  kept: readonly SweepRow[];
}): JSX.Element {
  const { hovered } = model.cursor;
  const scene = useMemo(() => {
    const isKept = new Set(kept.map(({ key }) => key));
    return drawEffects(
      rows,
      keys,
      { target, isKept: ({ key }) => isKept.has(key), hovered },
      width,
      model.theme,
    );
  }, [rows, keys, target, kept, hovered, width, model.theme]);
  return (
    <>
      <h2 class="chart-title">
        <span>Effect of each key</span>
        <span class="secondary unit">{`${resultTitles[target].title} of every config · tick is the median`}</span>
      </h2>
      <div class="plot" role="img" aria-label="Effect of each key" aria-describedby="effects-summary">
        <SceneCanvas scene={scene} />
      </div>
      <p id="effects-summary" class="secondary sentence">
        {effectsSummary(kept, keys, target)}
      </p>
    </>
  );
}
