/**
 * @file The logit lens (nostalgebraist 2020): what the final norm and the unembedding say about the residual stream
 * behind every layer. Early layers live in another basis, so their answers are read with care.
 */
import { logSoftmax } from './statistics';

export interface LogitLens {
  /** All (layer + 1, row); a row is a position of a sequence. */
  readonly top1: Int32Array;
  /** KL(final ‖ lens), nats; 0 in the last layer. */
  readonly klToFinal: Float64Array;
  readonly entropy: Float64Array;
  /** Smallest k such that layers k … last agree with the final answer (row). */
  readonly settleLayer: Int32Array;
}

/** @param logits per layer + 1 (row, vocabulary) */
export function logitLens(logits: readonly ArrayLike<number>[], rows: number): LogitLens {
  const layers = logits.length;
  const width = logits[0]!.length / rows;
  const top1 = new Int32Array(layers * rows);
  const klToFinal = new Float64Array(layers * rows);
  const entropy = new Float64Array(layers * rows);
  const settleLayer = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const final = logSoftmax(rowOf(logits[layers - 1]!, row, width));
    for (let layer = 0; layer < layers; layer++) {
      const here = logSoftmax(rowOf(logits[layer]!, row, width));
      const at = layer * rows + row;
      for (let id = 0; id < width; id++) {
        if (here[id]! > here[top1[at]!]!) top1[at] = id;
        if (here[id]! > -Infinity) entropy[at]! -= Math.exp(here[id]!) * here[id]!;
        klToFinal[at]! += Math.exp(final[id]!) * (final[id]! - here[id]!);
      }
    }
    let settled = layers - 1;
    while (settled > 0 && top1[(settled - 1) * rows + row] === top1[(layers - 1) * rows + row]) settled--;
    settleLayer[row] = settled;
  }
  return { top1, klToFinal, entropy, settleLayer };
}

/**
 * Rank of the actual next token (layer + 1, row) and the mean cross-entropy per layer.
 * @param logits per layer + 1 (row, vocabulary), of the rows that have a next token
 * @param next its id per row
 */
export function nextToken(
  logits: readonly ArrayLike<number>[],
  next: ArrayLike<number>,
): { rank: Int32Array; loss: Float64Array } {
  const rows = next.length;
  const width = logits[0]!.length / rows;
  const rank = new Int32Array(logits.length * rows);
  const loss = new Float64Array(logits.length);
  logits.forEach((values, layer) => {
    for (let row = 0; row < rows; row++) {
      const here = logSoftmax(rowOf(values, row, width));
      const own = here[next[row]!]!;
      rank[layer * rows + row] = here.reduce((count, value) => count + (value > own ? 1 : 0), 0);
      loss[layer]! -= own / rows;
    }
  });
  return { rank, loss };
}

const rowOf = (values: ArrayLike<number>, row: number, width: number): Float64Array =>
  Float64Array.from({ length: width }, (_, i) => values[row * width + i]!);
