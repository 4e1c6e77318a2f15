/** @file Forward and backward over parts of a batch, added up, as many as training takes. */
import * as g from '../../src/graph';
import type { Tensor } from '../../src/graph';
import type { Parameters, Tensors } from '../../src/layers';
import type { Place } from '../../src/runtime/engine/shard-protocol';
import { ShardThread } from '../../src/runtime/engine/shard-thread';
import { shardCount } from '../../src/runtime/engine/shards';
import { GRADIENT } from '../../src/optimizer';
import { fastestParts, fixedShare } from '../../src/runtime/train/kernels';
import { Random } from '../../src/util/random';
import { timed, type Contestant } from '../harness';

export interface Measured {
  readonly specs: Parameters;
  /** Of the input and the output, the batch first. */
  readonly shape: readonly [number, ...number[]];
  build(x: Tensor, p: Tensors): Tensor;
}

const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Normal numbers. */
export function normal(shape: readonly number[], name: string): Float32Array {
  const random = new Random(0, 'bench', name);
  return Float32Array.from({ length: elements(shape) }, () => random.normal());
}

function placed(shapes: readonly (readonly [string, readonly number[]])[]): {
  places: Place[];
  bytes: number;
} {
  let bytes = 0;
  const places = shapes.map(([name, shape]) => {
    const place = { name, offset: bytes, length: elements(shape) };
    bytes += 4 * place.length;
    return place;
  });
  return { places, bytes };
}

/** Loss and gradients for so many examples of the batch, and what they are computed from. */
function graphOf({ specs, shape, build }: Measured, examples: number) {
  const partial = [examples, ...shape.slice(1)];
  const shapes = Object.entries(specs).map(([name, spec]) => [name, spec.shape] as const);
  const p = Object.fromEntries(shapes.map(([name, extents]) => [name, g.input(name, extents)]));
  const [x, cotangent] = [g.input('x', partial), g.input('cotangent', partial)];
  const y = build(x, p);
  const wanted = { ...p, x };
  const found = g.gradients([{ output: y, cotangent }], Object.values(wanted));
  const outputs = Object.keys(wanted).map((name, index) => [GRADIENT + name, found[index]!] as const);
  const loss = g.sum(g.mul(y, cotangent));
  return { partial, shapes, outputs, graph: { loss, ...Object.fromEntries(outputs) } };
}

/** Gradients of all parameters and of the input; where the batch has no parts, operators share the threads. */
export function forwardAndBackward(measured: Measured, threads: number): Contestant {
  const { specs, shape } = measured;
  const most = shardCount(threads, shape[0], 0);
  const fixed = fixedShare((examples) => graphOf(measured, examples).graph, shape[0], most);
  const count = fastestParts(most, threads, fixed);
  const { partial, shapes, outputs, graph } = graphOf(measured, shape[0] / count);
  const compiled = g.compile(graph, { target: 'cpu' });

  // Input and cotangent lie with the parameters: as messages they would be fresh memory in every repetition.
  const given = placed([...shapes, ['x', partial], ['cotangent', partial]]);
  const gradients = placed(outputs.map(([name, tensor]) => [name, tensor.shape] as const));
  const parts = Array.from({ length: count }, (_, part) => {
    const parameterBlock = new SharedArrayBuffer(given.bytes);
    for (const { name, offset, length } of given.places) {
      const spec = specs[name];
      const values = spec ? spec.init(spec.shape, new Random(0, name)) : normal(partial, `${name}${part}`);
      new Float32Array(parameterBlock, offset, length).set(values);
    }
    return new ShardThread({
      compiled,
      threads: Math.floor(threads / count),
      parameters: given.places,
      gradients: gradients.places,
      parameterBlock,
      gradientBlock: new SharedArrayBuffer(gradients.bytes),
    });
  });
  const shared = shapes.reduce((sum, [, extents]) => sum + elements(extents), 0);
  const [first, ...others] = parts.map(({ gradients: own }) => new Float32Array(own.buffer, 0, shared));
  const step = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.run({})));
    for (const other of others) for (let i = 0; i < shared; i++) first![i]! += other[i]!;
  };
  return {
    name: `ours, ${compiled.nodes} nodes`,
    run: () => timed(step),
    async close() {
      await Promise.all(parts.map((part) => part.release()));
    },
  };
}
