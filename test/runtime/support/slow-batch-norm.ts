/**
 * @file A classifier with one feed-forward layer between two batch norms, in float64 and token by token: after Ioffe and
 * Szegedy (2015), with the running statistics of PyTorch's BatchNorm1d.
 */
import type { Batch } from '../../../src/data/define';

export type Values = ReadonlyMap<string, ArrayLike<number>>;
type Rows = number[][];

const MOMENTUM = 0.1;
const EPS = 1e-5;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const column = (rows: Rows, c: number): number[] => rows.map((row) => row[c]!);

/** Rows of a linear map's result. */
function affine(rows: Rows, weight: ArrayLike<number>, bias?: ArrayLike<number>): Rows {
  const width = rows[0]!.length;
  return rows.map((row) =>
    Array.from({ length: weight.length / width }, (_, o) => {
      return sum(row.map((value, i) => value * weight[o * width + i]!)) + (bias?.[o] ?? 0);
    }),
  );
}

export class SlowClassifier {
  readonly running = new Map<string, number[]>();

  constructor(
    readonly p: Values,
    readonly length: number,
  ) {
    for (const [name, values] of p) {
      if (/running_(mean|var)$/.test(name)) this.running.set(name, Array.from(values));
    }
  }

  #norm(rows: Rows, name: string, training: boolean): Rows {
    const [weight, bias] = [this.p.get(`${name}.weight`)!, this.p.get(`${name}.bias`)!];
    const means = this.running.get(`${name}.running_mean`)!;
    const variances = this.running.get(`${name}.running_var`)!;
    const found = rows.map((row) => row.slice());
    for (const c of rows[0]!.keys()) {
      const values = column(rows, c);
      const n = values.length;
      const mean = training ? sum(values) / n : means[c]!;
      const squares = sum(values.map((value) => (value - mean) ** 2));
      const variance = training ? squares / n : variances[c]!;
      rows.forEach((row, i) => {
        found[i]![c] = ((row[c]! - mean) / Math.sqrt(variance + EPS)) * weight[c]! + bias[c]!;
      });
      if (!training) continue;
      means[c] = (1 - MOMENTUM) * means[c]! + MOMENTUM * mean;
      variances[c] = (1 - MOMENTUM) * variances[c]! + (MOMENTUM * squares) / (n - 1);
    }
    return found;
  }

  /** Loss of every example; in training the running statistics move on. */
  losses({ inputs, targets, size }: Batch, training: boolean): number[] {
    const table = this.p.get('backbone.embedding.weight')!;
    const width = this.running.get('backbone.norm_f.running_mean')!.length;
    const embedded = Array.from(inputs, (id) =>
      Array.from({ length: width }, (_, c) => table[id * width + c]!),
    );
    const layer = 'backbone.layers.0';
    const normed = this.#norm(embedded, `${layer}.norm`, training);
    const hidden = affine(normed, this.p.get(`${layer}.mixer.fc1.weight`)!).map((row) =>
      row.map((value) => Math.max(0, value)),
    );
    const mixed = affine(hidden, this.p.get(`${layer}.mixer.fc2.weight`)!);
    const stream = embedded.map((row, i) => row.map((value, c) => value + mixed[i]![c]!));
    const last = this.#norm(stream, 'backbone.norm_f', training);
    const pooled = Array.from({ length: size }, (_, example) =>
      Array.from({ length: width }, (_unused, c) => {
        const own = last.slice(example * this.length, (example + 1) * this.length);
        return sum(column(own, c)) / this.length;
      }),
    );
    const logits = affine(pooled, this.p.get('classifier.weight')!, this.p.get('classifier.bias'));
    return logits.map((row, example) => {
      return Math.log(sum(row.map(Math.exp))) - row[Number(targets[example])]!;
    });
  }
}
