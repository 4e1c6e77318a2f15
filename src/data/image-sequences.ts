/** @file Stored images as a data set of sequences, each with a class. */
import type { DataShape, Dataset, Split } from './define';
import { layoutOf, placeLabel, placesOf, type Reading } from './pixel-order';
import { countsOf, storedDataset } from './stored';

export interface Image {
  /** Row by row, the channels of a pixel side by side. */
  readonly values: Uint8Array;
  readonly label: number;
}

export function imageShape(reading: Reading, classes: number): DataShape {
  const { rows, columns, features } = layoutOf(reading);
  return {
    length: rows * columns,
    input: { kind: 'vectors', features },
    target: { kind: 'class', classes },
  };
}

/** Luma of ITU-R BT.601. */
export const luma = (red: number, green: number, blue: number): number =>
  Math.round(0.299 * red + 0.587 * green + 0.114 * blue);

/** Values are scaled to −1 … 1. */
export function imageDataset(
  name: string,
  reading: Reading,
  classes: readonly string[],
  found: { readonly splits: Readonly<Record<Split, readonly Image[]>>; readonly hash: string },
  seed: number,
): Dataset {
  const { splits, hash } = found;
  const places = placesOf(reading);
  const { rows, columns } = layoutOf(reading);
  return storedDataset<Float32Array>({
    name,
    shape: imageShape(reading, classes.length),
    hash,
    seed,
    counts: countsOf(splits),
    example(split, index, inputs, targets) {
      const { values, label } = splits[split][index]!;
      for (let i = 0; i < places.length; i++) inputs[i] = values[places[i]!]! / 127.5 - 1;
      targets[0] = label;
    },
    label: placeLabel(columns),
    targetLabel: (id) => classes[id] ?? String(id),
    grid: {
      rows,
      columns,
      pixels: { width: reading.side, height: reading.side, channels: reading.channels, places },
    },
  });
}
