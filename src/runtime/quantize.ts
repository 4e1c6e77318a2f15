/**
 * @file Weights in 8 or 4 bits: the large projections, the head and the embedding. A_log, D, everything of Δ, convolutions, norms
 * and biases stay in float32, as the recurrence multiplies their errors.
 */
import { dequantize, size, type QuantizedMatrix } from '../graph';
import type { Model } from '../models';

export type QuantizedBits = 8 | 4;

/** Numbers that share a scale in 4 bits. */
const BLOCK = 32;
/** The head, where it is the embedding. */
const TIED = 'head.weight';
/** In 8 bits whatever the others have: its rows are looked up, which costs nothing, and go straight into every layer. */
export const EMBEDDING = 'backbone.embedding.weight';

/** Names of parts whose weight is quantised. */
const LARGE = /\.(in_proj|out_proj|fc1|fc2)\.weight$|^lm_head\.weight$/;

type Named = readonly [name: string, shape: readonly number[]];

/** Matrices that are meant to be held in few bits. */
const isMeant = ([name, shape]: Named): boolean =>
  shape.length === 2 && (name === EMBEDDING || LARGE.test(name));

/** Rows that are no whole number of blocks cannot be. */
const fits = ([, shape]: Named): boolean => shape[1]! % BLOCK === 0;

/** Which weights `--bits` has to leave as they are, as a sentence; undefined where it leaves none. */
export function leftWhole(model: Model, bits: QuantizedBits): string | undefined {
  const left = [...model.parameters]
    .map(([name, { shape }]): Named => [name, shape])
    .filter((parameter) => isMeant(parameter) && !fits(parameter))
    .reduce((sum, [, shape]) => sum + size(shape), 0);
  if (left === 0) return undefined;
  const [some, all] = [left, model.parameterCount].map((count) => count.toLocaleString('en-GB'));
  return `--bits ${bits}: ${some} of ${all} parameters stay in 32 bits, as their rows are no multiple of ${BLOCK}.`;
}

/** Weights in few bits by the names that a decoding step asks for, and the embedding. */
export type FewBits = ReadonlyMap<string, QuantizedMatrix>;

/**
 * The weights of a model in few bits.
 * @param signed 8 bits as signed bytes, see `signedBytesExact`
 */
export function quantizeParameters(
  model: Model,
  parameters: ReadonlyMap<string, Float32Array>,
  bits: QuantizedBits,
  signed = false,
): Map<string, QuantizedMatrix> {
  const { take, weights } = quantizer(model, bits, signed);
  for (const name of model.parameters.keys()) take(name, parameters.get(name)!);
  return weights;
}

/** Takes parameters one by one, for whoever reads them from a file and has no room for all in 32 bits. */
export function quantizer(
  model: Model,
  bits: QuantizedBits,
  signed: boolean,
): {
  readonly weights: Map<string, QuantizedMatrix>;
  /** Whether a parameter is held in few bits from now on; its values are not kept. */
  take(name: string, values: Float32Array): boolean;
} {
  const weights = new Map<string, QuantizedMatrix>();
  const tied = !model.parameters.has('lm_head.weight') && model.task.type !== 'classification';
  return {
    weights,
    take(name, values) {
      const { shape } = model.parameters.get(name)!;
      if (!isMeant([name, shape]) || !fits([name, shape])) return false;
      const isEmbedding = name === EMBEDDING;
      const [rows, columns] = shape as [number, number];
      const eight = bits === 8 || isEmbedding ? eightBits(values, rows, columns, signed) : undefined;
      const matrix = (): QuantizedMatrix => (bits === 8 ? eight! : fourBits(values, rows, columns));
      if (!isEmbedding) weights.set(name, matrix());
      else {
        weights.set(EMBEDDING, eight!);
        if (tied) weights.set(TIED, matrix());
      }
      return true;
    },
  };
}

/**
 * The parameters as they are after rounding, to measure what it costs. An embedding that is the head as well is
 * rounded as the head in both places, which in 4 bits is the worse case.
 */
export function roundedParameters(
  model: Model,
  parameters: ReadonlyMap<string, Float32Array>,
  bits: QuantizedBits,
): Map<string, Float32Array> {
  const rounded = new Map(parameters);
  for (const [name, matrix] of quantizeParameters(model, parameters, bits)) {
    rounded.set(name === TIED ? EMBEDDING : name, dequantize(matrix));
  }
  return rounded;
}

/** One scale per output, so that the largest weight of a row is ±127. */
function eightBits(values: Float32Array, rows: number, columns: number, signed: boolean): QuantizedMatrix {
  const zero = signed ? 0 : 128;
  const data = new Uint8Array(rows * columns);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    let largest = 0;
    for (let i = from; i < from + columns; i++) largest = Math.max(largest, Math.abs(values[i]!));
    const scale = largest / 127 || 1;
    scales[row] = scale;
    for (let column = 0; column < columns; column++) {
      data[column * rows + row] = zero + Math.round(values[from + column]! / scale);
    }
  }
  return { bits: 8, rows, columns, data, scales, signed };
}

/** One scale per block of 32; the number of largest magnitude becomes −8. */
function fourBits(values: Float32Array, rows: number, columns: number): QuantizedMatrix {
  const data = new Uint8Array((rows * columns) / 2);
  const scales = new Float32Array((rows * columns) / BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const from = block * BLOCK;
    let largest = 0;
    for (let i = from; i < from + BLOCK; i++) {
      if (Math.abs(values[i]!) > Math.abs(largest)) largest = values[i]!;
    }
    const scale = largest / -8 || 1;
    scales[block] = scale;
    for (let i = from; i < from + BLOCK; i++) {
      const level = Math.max(0, Math.min(15, Math.round(values[i]! / scale) + 8));
      data[i >> 1]! |= i & 1 ? level << 4 : level;
    }
  }
  return { bits: 4, rows, columns, block: BLOCK, data, scales };
}
