/** @file The other side of a comparison: a matrix of this model or of another run or checkpoint. */
import { chosenMatrix, type LayerMatrices, type NamedMatrix } from './data';
import type { Detail } from './detail';

/** What stays beside the chosen matrix. */
export interface Pin {
  /** Run folder or checkpoint; null is the one that is shown. */
  readonly target: string | null;
  readonly name: string;
  readonly layer: number;
  readonly matrix: number | null;
  /** Shows the layer and matrix that are chosen on the other side. */
  readonly follows: boolean;
}

/** A matrix and where it comes from. */
export interface Side {
  readonly layers: readonly LayerMatrices[];
  readonly layer: LayerMatrices;
  readonly matrix: NamedMatrix;
  /** Run and checkpoint. */
  readonly name: string;
  /** Exact entries, where the matrix is in tiles. */
  readonly detail?: Detail | undefined;
}

/** @param layers of the pinned side; undefined while they are being computed */
export function pinnedSide(
  pin: Pin,
  layers: readonly LayerMatrices[] | undefined,
  own: { readonly layer: LayerMatrices; readonly matrix: NamedMatrix },
  measure: 'entries' | 'contribution',
): Side | undefined {
  const wanted = pin.follows ? own.layer.layer : pin.layer;
  const layer = layers?.find((one) => one.layer === wanted) ?? layers?.[0];
  if (!layers || !layer) return undefined;
  if (!pin.follows)
    return { layers, layer, matrix: chosenMatrix(layer, pin.matrix, measure), name: pin.name };
  const { index } = own.matrix;
  // Another run may have other channels in front: there the one of the same rank stands beside it.
  const rank = own.layer.strongest.findIndex((one) => one.index === index);
  const same = layer.strongest.find((one) => one.index === index) ?? layer.strongest[rank];
  const chosen = index === null || !same ? null : same.index;
  return { layers, layer, matrix: chosenMatrix(layer, chosen, measure), name: pin.name };
}

/** The largest entry that both are drawn against, where their entries mean the same. */
export const sharedMax = (
  a: Side,
  b: Side | undefined,
  measure: 'entries' | 'contribution',
): number | undefined =>
  b && (measure === 'contribution' || a.layer.kind === b.layer.kind) && a.matrix.signed === b.matrix.signed
    ? Math.max(a.matrix.max, b.matrix.max)
    : undefined;
