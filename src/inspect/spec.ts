/** @file What an analysis is: a group of named arrays that are computed from one layer's trace, or from the model. */
import type { Arrays } from '../analysis/blocks/types';
import type { Dataset } from '../runtime/train/prepare';
import type { Model } from '../models';
import { concatenated } from '../util/concatenate';

/** One array as the views and `inspect` take it, without a batch axis. */
export interface Probe {
  readonly shape: readonly number[];
  readonly axes: readonly string[];
  readonly unit: string;
  readonly sign: 'positive' | 'signed';
  readonly description: string;
  /** Row-major. */
  readonly data: Float32Array;
  /** What the entries of an axis are, where they are not 0, 1, 2, …: channel numbers, frequencies. */
  readonly labels?: Readonly<Record<string, readonly (number | string)[]>>;
}

/** A layer as it ran on one sequence. */
export interface Trace {
  readonly model: Model;
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** Values before training, where they are known. */
  readonly initial?: ReadonlyMap<string, Float32Array> | undefined;
  readonly data: Dataset | undefined;
  readonly threads: number;
  readonly layer: number;
  readonly mixer: string;
  readonly resolved: Readonly<Record<string, unknown>>;
  readonly length: number;
  readonly d_model: number;
  /** Ids or vectors, as the model takes them. */
  readonly inputs: Int32Array | Float32Array;
  readonly target: number | undefined;
  /** Where the target is asked for. */
  readonly position: number;
  readonly probes: Readonly<Record<string, Probe>>;
  /** The probes' values by name. */
  readonly seen: Arrays;
  /** The layer's parameters under their names in the layer. */
  readonly own: Arrays;
  /** Behind the norm (time, d_model), and what the layer adds to the residual stream. */
  readonly input: Float32Array;
  readonly output: Float32Array;
}

export interface AnalysisOptions {
  /** Channels or heads of which matrices are given; all unless named. */
  readonly channels?: readonly number[];
  /** Tiles along each axis of a tiled matrix. */
  readonly tiles?: number;
}

export type Found = Readonly<Record<string, Probe>>;

export interface Analysis {
  readonly description: string;
  /** Names of the arrays, the most telling one first; each can be asked for alone. */
  readonly parts: readonly string[];
  applies(trace: Trace): boolean;
  /** @param wanted the parts that are asked for: others may be left out */
  compute(trace: Trace, wanted: ReadonlySet<string>, options: AnalysisOptions): Found | Promise<Found>;
}

export const array = (
  shape: readonly number[],
  axes: readonly string[],
  data: ArrayLike<number>,
  description: string,
  more: { unit?: string; sign?: Probe['sign']; labels?: Probe['labels'] } = {},
): Probe => ({
  shape,
  axes,
  unit: more.unit ?? '',
  sign: more.sign ?? 'positive',
  description,
  data: Float32Array.from(data),
  ...(more.labels ? { labels: more.labels } : {}),
});

/** Most numbers in one array: beyond it a reduction or a choice of channels is asked for. */
export const MOST = 4_000_000;

/** @throws RangeError for an array that nobody could look at */
export function affordable(name: string, shape: readonly number[], hint: string): void {
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (size > MOST) {
    throw new RangeError(
      `${name} of ${shape.join(' × ')} has ${size.toLocaleString('en')} numbers, more than ${MOST.toLocaleString('en')}; ${hint}`,
    );
  }
}

/** Whether a token stands at each position, or padding; undefined where nothing is padded. */
export function realOf({ model, inputs }: Pick<Trace, 'model' | 'inputs'>): boolean[] | undefined {
  const { input } = model.data;
  if (input.kind !== 'tokens' || input.padding === undefined) return undefined;
  const real = Array.from(inputs, (id) => id !== input.padding);
  return real.includes(false) ? real : undefined;
}

/** Positions of the tokens: all where nothing is padded, or where nothing else is there. */
export function tokensOf(trace: Pick<Trace, 'model' | 'inputs' | 'length'>): readonly number[] {
  const all = every(trace.length);
  const real = realOf(trace);
  return real?.includes(true) ? all.filter((position) => real[position]) : all;
}

/** Rows (row, …) of `values`, which has `length` of them. */
export function rowsAt(
  values: ArrayLike<number>,
  length: number,
  positions: readonly number[],
): ArrayLike<number> {
  if (positions.length === length) return values;
  const width = values.length / length;
  return Float64Array.from(
    { length: positions.length * width },
    (_, i) => values[positions[Math.floor(i / width)]! * width + (i % width)]!,
  );
}

/** 0 … count − 1 */
export const every = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export const join = (parts: readonly ArrayLike<number>[]): Float32Array => concatenated(Float32Array, parts);
