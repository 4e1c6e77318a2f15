/** @file Mixtures of experts in float64: every token through its best experts, one after the other. */
import { silu, sigmoid } from '../../layers/slow';
import { add, get, linear, times, type File } from './reference';

/** Indices of the `k` largest. */
export function best(scores: readonly number[], k: number): number[] {
  const order = scores.map((_, e) => e);
  return order.sort((a, b) => scores[b]! - scores[a]!).slice(0, k);
}

export const softmax = (x: readonly number[]): number[] => {
  const total = x.reduce((sum, one) => sum + Math.exp(one), 0);
  return x.map((one) => Math.exp(one) / total);
};

export const sigmoids = (x: readonly number[]): number[] => x.map(sigmoid);

export const sumOf = (rows: readonly number[][], width: number): number[] =>
  rows.reduce((sum, row) => add(sum, row), new Array<number>(width).fill(0));

/** Expert `e` of a tensor (experts, rows, columns) times x. */
export function expertLinear(file: File, name: string, e: number, x: readonly number[]): number[] {
  const tensor = get(file, `${name}.weight`);
  const [, rows, columns] = file.get(`${name}.weight`)!.shape as [number, number, number];
  return Array.from({ length: rows }, (_, o) =>
    x.reduce((sum, value, i) => sum + value * tensor[(e * rows + o) * columns + i]!, 0),
  );
}

/** Granite's experts: a softmax over the outputs of the chosen; gate first, then value. */
export function graniteExperts(file: File, at: string, k: number, x: number[]): number[] {
  const outputs = linear(file, `${at}router.layer`, x);
  const chosen = best(outputs, k);
  const weights = softmax(chosen.map((e) => outputs[e]!));
  return sumOf(
    chosen.map((e, i) => {
      const wide = expertLinear(file, `${at}input_linear`, e, x);
      const half = wide.length / 2;
      const hidden = wide.slice(0, half).map((gate, j) => silu(gate) * wide[half + j]!);
      return times(expertLinear(file, `${at}output_linear`, e, hidden), weights[i]!);
    }),
    x.length,
  );
}
