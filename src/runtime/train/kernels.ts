/**
 * @file Kernels of time-invariant layers follow from parameters alone. Parts of a batch that are computed side by side
 * each make them again, which the whole batch does once.
 */
import { hoist, lowered, reachable, type Hoisted, type Node, type Tensor } from '../../graph';
import { nodeFlops } from '../../models';
import { isOfBatch } from '../engine/feeds';

/** Operators whose lowering makes a kernel, or its tables. */
const KERNELS: ReadonlySet<string> = new Set([
  'diagonalConv',
  'diagonalKernel',
  'dplrKernel',
  'dplrKernelByPowers',
  'longConv',
]);

type Graph = Readonly<Record<string, Tensor>>;

export const hasKernels = (graph: Graph): boolean =>
  reachable(Object.values(graph)).some(({ operator }) => KERNELS.has(operator.name));

/** The graph without what one evaluation has to make once, and not for every batch and every part of one. */
export function withoutKernels(graph: Graph): Hoisted {
  if (!hasKernels(graph)) return { program: graph, prepared: {} };
  const parts = lowered(Object.values(graph), 'cpu');
  return hoist(
    Object.fromEntries(Object.keys(graph).map((name, i) => [name, parts[i]!])),
    (name) => !isOfBatch(name),
  );
}

/** Operations in products per operation elsewhere that take as long. */
const PRODUCTS = 64;

const workOf = (node: Node): number =>
  nodeFlops(node) / (/^(matmul|linear|gemm)$/.test(node.operator.name) ? PRODUCTS : 1);

/**
 * Share of a step's work that does not become less with the batch.
 * @param step the graph for so many examples
 */
export function fixedShare(step: (examples: number) => Graph, batchSize: number, count: number): number {
  const whole = step(batchSize);
  if (count < 2 || !hasKernels(whole)) return 0;
  const work = (graph: Graph): number =>
    reachable(lowered(Object.values(graph), 'cpu')).reduce((total, node) => total + workOf(node), 0);
  return ((count * work(step(batchSize / count))) / work(whole) - 1) / (count - 1);
}

/**
 * Threads on one operator are together as fast as so many to this power: two were 1.4 to 1.6 times as fast as one, and
 * no faster where the system let both wait for one core, which happens as often as operators are short.
 */
const SCALING = 0.5;

/**
 * In how many parts a batch is computed fastest: `most` or a divisor, with as many threads for each as there are.
 * @param fixed of `fixedShare`
 */
export function fastestParts(most: number, threads: number, fixed: number): number {
  const time = (count: number): number => (1 + fixed * (count - 1)) / (count * (threads / count) ** SCALING);
  let best = most;
  for (let count = most - 1; count > 0; count--) {
    if (most % count === 0 && time(count) < time(best)) best = count;
  }
  return best;
}
