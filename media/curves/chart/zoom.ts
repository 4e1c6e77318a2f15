/** @file Zooming and panning the x range of all charts. */
import type { Range } from '../../../src/figures/core/ticks';
import type { Chart } from '../../../src/figures/curves/chart';
import type { CurvesModel } from '../model';

/** Moves a range by `shift` in its own unit, never beyond what there is. */
export function pan(model: CurvesModel, domain: Range, shift: number): void {
  const full = model.fullDomain();
  const width = domain[1] - domain[0];
  const low = Math.max(full[0], Math.min(full[1] - width, domain[0] + shift));
  model.zoomTo([low, low + width], model.state.yZoom);
}

/** Shows `factor` times as much; what is at `at` stays where it is. */
export function zoomAt(model: CurvesModel, chart: Chart, at: number, factor: number): void {
  const [low, high] = chart.x.domain;
  model.zoomTo([at - (at - low) * factor, at + (high - at) * factor], model.state.yZoom);
}
