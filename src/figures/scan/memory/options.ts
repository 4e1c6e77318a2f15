/** @file What the drawings of the memory view are given. */
import type { LayerSurvey } from '../../../protocol/view-scan';
import type { Measure } from '../../core/scene';
import type { Theme } from '../../core/theme';

export type Overlay = 'contribution' | 'write' | 'surprise';

export const overlayNames: Record<Overlay, string> = {
  contribution: 'contribution to the playhead',
  write: 'write strength',
  surprise: 'surprise',
};

export interface MemoryView {
  readonly position: number;
  readonly source: number | undefined;
  readonly overlay: Overlay;
}

export interface MemoryOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
  /** Of every layer, when they are there. */
  readonly surveys: readonly LayerSurvey[];
}
