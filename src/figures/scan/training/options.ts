/** @file What the drawings of a training are given. */
import type { Frame } from '../../../protocol/view-scan';
import type { Measure } from '../../core/scene';
import type { Theme } from '../../core/theme';

export interface TrainingView {
  readonly layer: number;
  /** Index of the shown frame. */
  readonly at: number;
  readonly choose: 'change' | 'steps';
  readonly position: number;
  readonly source: number | undefined;
}

export interface TrainingOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
  readonly frames: readonly Frame[];
  readonly tokens: readonly string[];
  readonly losses: readonly (readonly [number, number])[];
}
