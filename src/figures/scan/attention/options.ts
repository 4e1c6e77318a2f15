/** @file What the drawings of hidden attention are given, and which layers are on the page. */
import type { Measure } from '../../core/scene';
import type { Theme } from '../../core/theme';
import type { LayerMatrices } from './data';
import type { Detail } from './detail';
import type { Pin } from './pinned';
import type { Window } from './window';

export interface AttentionView {
  readonly layer: number;
  readonly matrix: number | null;
  readonly position: number;
  readonly source: number | undefined;
  readonly measure: 'entries' | 'contribution';
  readonly scale: 'matrix' | 'layer';
  /** The part of the large matrices that is shown; all unless named. */
  readonly window?: Window | undefined;
}

export interface AttentionOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
  readonly tokens: readonly { readonly label: string }[];
  /** Exact entries of the window or around the chosen cell, where the matrix is in tiles. */
  readonly detail?: Detail | undefined;
  /** Run and checkpoint that is shown. */
  readonly name?: string;
  /** What stands beside it; without layers while they are being computed. */
  readonly pin?:
    | {
        readonly pin: Pin;
        readonly layers: readonly LayerMatrices[] | undefined;
        readonly detail?: Detail | undefined;
      }
    | null
    | undefined;
}

/** How a position's token is shown. */
export type Label = (position: number) => string;

/** Layers that are drawn at once: more are paged by the chosen layer. */
const PAGE = 12;

export const pageOf = (layers: readonly LayerMatrices[], chosen: number): readonly LayerMatrices[] => {
  if (layers.length <= PAGE) return layers;
  const at = Math.max(
    0,
    layers.findIndex(({ layer }) => layer === chosen),
  );
  const from = Math.max(0, Math.min(layers.length - PAGE, at - Math.floor(PAGE / 2)));
  return layers.slice(from, from + PAGE);
};
