/** @file What the analysis targets share: tensors by sequence, results put together again, layers run with probes. */
import type { Tensor } from '../../../graph';
import { mixers } from '../../../layers';
import type { GoldenCase } from '../../case';
import type { Actual } from '../../compare';
import { caseInput } from '../../differentiate';
import { NotSupported } from '../../errors';
import type { Feeds, Machine, Results } from '../../machine';
import { mixerCase, probed } from '../../mixer-case';
import { concatenated } from '../../../util/concatenate';

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, extent) => product * extent, 1);

/** Sequence `b` of values with a leading batch axis. */
export function sequence({ shape, values }: Actual, b: number): Float64Array {
  const size = sizeOf(shape.slice(1));
  return Float64Array.from({ length: size }, (_, i) => values[b * size + i]!);
}

export const values = (goldenCase: GoldenCase, name: string): Float64Array =>
  Float64Array.from(goldenCase.tensor(name).values);

/** Results of equal shape, one per sequence, with a leading batch axis. */
export const stacked = (parts: readonly ArrayLike<number>[], shape: readonly number[]): Actual => ({
  shape: [parts.length, ...shape],
  values: joined(parts),
});

export const joined = (parts: readonly ArrayLike<number>[]): Float64Array =>
  concatenated(Float64Array, parts);

/** Collects one named array per sequence. */
export class Gathered {
  readonly #parts = new Map<string, { shape: readonly number[]; parts: ArrayLike<number>[] }>();

  add(name: string, shape: readonly number[], part: ArrayLike<number>): void {
    const found = this.#parts.get(name) ?? { shape, parts: [] };
    found.parts.push(part);
    this.#parts.set(name, found);
  }

  results(): Results {
    return Object.fromEntries(
      [...this.#parts].map(([name, { shape, parts }]) => [`output.${name}`, stacked(parts, shape)]),
    );
  }
}

/** (channel, time) → (time, channel), both without batch. */
export function swapped(part: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from(
    { length: rows * columns },
    (_, i) => part[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}

export interface LayerRun {
  /** Probes with their batch axis, where they have one, and the layer's output as `output`. */
  readonly found: Results;
  readonly resolved: Readonly<Record<string, unknown>>;
  /** Parameters under their names in the layer. */
  readonly parameters: Readonly<Record<string, Float64Array>>;
  readonly batch: number;
  readonly length: number;
  readonly d_model: number;
}

/**
 * Runs a layer of the case with its probes.
 * @param input name of the tensor (batch, time, d_model)
 * @param more further outputs, made from the layer's input and output
 */
export async function runLayer(
  goldenCase: GoldenCase,
  machine: Machine,
  mixer: string,
  written: Readonly<Record<string, unknown>>,
  input: string,
  more: (x: Tensor, y: Tensor, feeds: Feeds) => Record<string, Tensor> = () => ({}),
): Promise<LayerRun> {
  if (!mixers[mixer]) throw new NotSupported(`the layer ${mixer} is not built here`);
  const [batch, length, d_model] = goldenCase.shape(input, 3) as [number, number, number];
  const feeds: Feeds = {};
  const built = mixerCase(goldenCase, mixer, written, feeds, { d_model });
  const parameters = Object.fromEntries(
    Object.keys(built.p).map((name) => [name, values(goldenCase, `param.${name}`)]),
  );
  const x = caseInput(goldenCase, input, feeds);
  const { y, probes } = probed(x, built);
  const found = await machine.evaluate({ ...probes, output: y, ...more(x, y, feeds) }, feeds);
  const resolved = built.resolved as Record<string, unknown>;
  return { found, resolved, parameters, batch, length, d_model };
}

/** The probes of sequence `b`; those without a batch axis as they are. */
export function probesOf({ found }: LayerRun, mixer: string, b: number): Record<string, Float64Array> {
  const specs = mixers[mixer]!.probes;
  return Object.fromEntries(
    Object.entries(specs)
      .filter(([name]) => found[name])
      .map(([name, { axes }]) => [
        name,
        axes[0] === 'batch' ? sequence(found[name]!, b) : Float64Array.from(found[name]!.values),
      ]),
  );
}
