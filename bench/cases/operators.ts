/** @file Single operators, forward and backward, where their form is ours: a composition, or gradients by hand. */
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';
import { timed, type BenchCase, type Contestant } from '../harness';
import { torchPeers } from '../torch';
import { THREADS } from './block';
import { normal } from './parts';

interface OperatorCase {
  readonly shapes: readonly (readonly number[])[];
  readonly build: (...inputs: g.Tensor[]) => g.Tensor;
}

const statistics = (channels: number) => ({
  running: { mean: g.zeros([channels]), variance: g.ones([channels]) },
});

/** Under the names that the peer knows. */
const operators: Readonly<Record<string, OperatorCase>> = {
  softplus: { shapes: [[1024, 1024]], build: g.softplus },
  gelu: { shapes: [[1024, 1024]], build: g.gelu },
  dropout: {
    shapes: [[1024, 1024]],
    build: (x) => g.dropout(x, 0.1, g.randomState(), { site: 'bench' }),
  },
  attention: {
    shapes: [
      [2, 8, 1024, 64],
      [2, 8, 1024, 64],
      [2, 8, 1024, 64],
    ],
    build: (q, k, v) => g.attention({ q: g.mul(q, 1 / 8), k, v, causal: true }),
  },
  'depthwise-conv': {
    shapes: [
      [8, 192, 28, 28],
      [192, 1, 3, 3],
    ],
    build: (x, w) => g.conv(x, w, { padding: 1, groups: 192 }),
  },
  conv: {
    shapes: [
      [8, 64, 56, 56],
      [64, 64, 3, 3],
    ],
    build: (x, w) => g.conv(x, w, { padding: 1 }),
  },
  'max-pool': {
    shapes: [[8, 192, 28, 28]],
    build: (x) => g.maxPool(x, { kernel: 3, stride: 2, padding: 1 }),
  },
  'batch-norm': {
    shapes: [[8, 192, 28, 28], [192], [192]],
    build: (x, w, b) => g.batchNorm(x, w, b, statistics(192)).y,
  },
  'group-norm': { shapes: [[8, 192, 28, 28], [192], [192]], build: (x, w, b) => g.groupNorm(x, 8, w, b) },
  'layer-norm': { shapes: [[6272, 192], [192], [192]], build: (x, w, b) => g.layerNorm(x, w, b, 1e-5) },
};

async function ours({ shapes, build }: OperatorCase): Promise<Contestant> {
  const inputs = shapes.map((shape, i) => g.input(`x${i}`, shape));
  const y = build(...inputs);
  const gradients = g.gradients([{ output: y, cotangent: g.input('cotangent', y.shape) }], inputs);
  const outputs = Object.fromEntries([y, ...gradients].map((tensor, i) => [`y${i}`, tensor]));
  const compiled = g.compile(outputs, { target: 'cpu' });
  const session = await openSession(compiled, { device: 'cpu', threads: THREADS });
  const feeds = Object.fromEntries(
    compiled.inputs.map(({ name, shape, dtype }) => [
      name,
      dtype === 'int32' ? new Int32Array(shape[0] ?? 1) : normal(shape, name),
    ]),
  );
  return {
    name: `ours, ${compiled.nodes} nodes`,
    run: () => timed(() => session.run(feeds)),
    close: async () => session.release(),
  };
}

export const operatorCases: readonly BenchCase[] = Object.entries(operators).map(
  ([name, operator]): BenchCase => ({
    name: `operator/${name}`,
    about: `${name} of ${operator.shapes[0]!.join(' x ')}, forward and backward, ${THREADS} threads`,
    ours: () => ours(operator),
    peers: () =>
      torchPeers({ case: 'operator', operator: name, shapes: operator.shapes }, [{ name }], THREADS),
  }),
);
