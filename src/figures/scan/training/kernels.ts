/** @file The kernels of a probe over those of the probe before. */
import type { LayerSurvey } from '../../../protocol/view-scan';
import { linearScale } from '../../core/scale';
import type { Box } from '../../core/scene';
import type { Ink } from '../figure';

export function drawKernels(
  ink: Ink,
  box: Box,
  survey: LayerSurvey | undefined,
  before: LayerSurvey | undefined,
  max: number,
): void {
  const { theme } = ink;
  const y = linearScale([-max || -1, max || 1], [box.y + box.height, box.y]);
  ink.hairline(box.x, y.map(0), box.x + box.width, y.map(0));
  const lines = (source: LayerSurvey | undefined, color: string, width: number): void => {
    const kernel = source?.probes['kernel'];
    if (!kernel) return;
    const [count, points] = kernel.shape as [number, number];
    const x = linearScale([0, Math.max(1, points - 1)], [box.x, box.x + box.width]);
    for (let k = 0; k < count; k++)
      ink.line(
        Array.from({ length: points }, (_, t) => [x.map(t), y.map(kernel.data[k * points + t]!)]).flat(),
        color,
        k === 0 ? width : width * 0.6,
      );
  };
  // The frame before stays as a ghost.
  lines(before, theme.grid, 1.25);
  lines(survey, theme.data, 1.75);
}
