/** @file What every part of the panel is given. */
import type { Measure } from '../../src/figures/core/scene';
import type { CurvesModel } from './model';

export interface PartProps {
  readonly model: CurvesModel;
  /** px of the panel, or of what the part has of it. */
  readonly width: number;
  readonly measure: Measure;
}
