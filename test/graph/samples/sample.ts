/** @file For every operator, graphs that exercise it: the tests differentiate, lower and compare them. */
import * as g from '../../../src/graph';
import type { DType, Shape, Tensor } from '../../../src/graph';
import { Random } from '../../../src/util/random';

export interface SampleInput {
  readonly shape: Shape;
  readonly dtype?: DType;
  /** Uniform in this range, (-2, 2) unless given; integers below the end for int32. */
  readonly range?: readonly [number, number];
}

export interface Sample {
  readonly name: string;
  readonly inputs: readonly SampleInput[];
  readonly build: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  /** Relative to the largest value of the output, in float32; 2e-6 unless given. */
  readonly tolerance?: number;
  /** Every bit of the outputs must agree. */
  readonly exact?: boolean;
  /** Needs a device that computes in half precision. */
  readonly halves?: boolean;
  /** Only so many of the outputs are differentiated; all of them unless given. */
  readonly seeds?: number;
}

export const float = (...shape: number[]): SampleInput => ({ shape });
export const positive = (...shape: number[]): SampleInput => ({ shape, range: [0.2, 2] });
export const within = (low: number, high: number, ...shape: number[]): SampleInput => ({
  shape,
  range: [low, high],
});
export const ids = (bound: number, ...shape: number[]): SampleInput => ({
  shape,
  dtype: 'int32',
  range: [0, bound],
});

/** A sample of a function of one tensor. */
export const unary = (
  name: string,
  f: (x: Tensor) => Tensor | readonly Tensor[],
  input = float(3, 4),
): Sample => ({
  name,
  inputs: [input],
  build: f,
});

/** Samples of a function of two tensors that broadcast. */
export const binary = (name: string, f: (a: Tensor, b: Tensor) => Tensor, input = float): Sample[] => [
  { name: `${name}, equal shapes`, inputs: [input(2, 3), input(2, 3)], build: f },
  { name: `${name}, both operands repeated`, inputs: [input(4, 1, 3), input(2, 1)], build: f },
  { name: `${name}, a scalar`, inputs: [input(2, 3), input()], build: f },
  { name: `${name}, fewer axes first`, inputs: [input(3), input(2, 4, 3)], build: f },
];

/** The values of a sample's inputs, the same in every run. */
export function valuesOf(sample: Sample): Record<string, Float64Array> {
  return Object.fromEntries(
    sample.inputs.map(({ shape, dtype, range = [-2, 2] }, i) => {
      const random = new Random(7, sample.name, i);
      const count = shape.reduce((a, b) => a * b, 1);
      const draw = (): number => range[0] + (range[1] - range[0]) * random.uniform();
      // Float32 values, so that every device starts from the same numbers.
      const value = dtype === 'int32' ? () => Math.floor(draw()) : () => Math.fround(draw());
      return [`x${i}`, Float64Array.from({ length: count }, value)];
    }),
  );
}

export interface BuiltSample {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** With respect to the float inputs, under fixed random cotangents; empty when nothing is differentiable. */
  readonly gradients: readonly Tensor[];
  readonly differentiable: readonly Tensor[];
  /** Of the outputs that are differentiated. */
  readonly cotangents: ReadonlyMap<Tensor, Float64Array>;
}

export function buildSample(sample: Sample): BuiltSample {
  const inputs = sample.inputs.map(({ shape, dtype }, i) => g.input(`x${i}`, shape, dtype));
  const outputs = [sample.build(...inputs)].flat() as Tensor[];
  const cotangents = outputs.map(({ shape }, i) => {
    const random = new Random(8, sample.name, i);
    return Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      Math.fround(random.normal()),
    );
  });
  const { seeds: seeded = outputs.length } = sample;
  const seeds = outputs.flatMap((output, i) =>
    output.dtype === 'float32' && i < seeded
      ? [{ output, cotangent: g.constant(Float32Array.from(cotangents[i]!), output.shape) }]
      : [],
  );
  const differentiable = inputs.filter(({ dtype }) => dtype === 'float32');
  const gradients = seeds.length > 0 ? g.gradients(seeds, differentiable) : [];
  return {
    inputs,
    outputs,
    gradients,
    differentiable: seeds.length > 0 ? differentiable : [],
    cotangents: new Map(seeds.map(({ output }) => [output, cotangents[outputs.indexOf(output)]!])),
  };
}
