/** @file Any view besides the sequence: its figure, or why there is none. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Measure } from '../../src/figures/core/scene';
import { unavailable } from './available';
import { FigurePanel } from './figure/panel';
import { figureOf, labelOf } from './figures';
import { Skeleton } from './loading';
import type { ScanModel } from './model';
import { NoView } from './notes';

export function ViewPanel({
  model,
  width,
  measure,
}: {
  model: ScanModel;
  width: number;
  measure: Measure;
}): JSX.Element {
  const { state, theme } = model;
  const drawn = useMemo(
    () => figureOf(model, width, theme, measure),
    [
      state,
      theme,
      width,
      measure,
      model.inspection,
      model.survey,
      model.pinned.matrices,
      model.picked.version,
      model.filters,
      model.replay.frames,
      model.replay.losses,
      state.view === 'memory' ? model.linked : 0,
    ],
  );
  if (!drawn) {
    const why = unavailable(model, state.view);
    if (why !== undefined || (state.view === 'attention' && model.survey))
      return <NoView model={model} why={why} />;
    return <Skeleton model={model} width={width} measure={measure} narrow={width < 668} />;
  }
  return (
    <div class={model.busy ? 'views single stale' : 'views single'}>
      <FigurePanel model={model} figure={drawn} label={labelOf(model)} />
    </div>
  );
}
