/**
 * @file Small parameters as one vector: a rule takes a dozen operators, each of which a GPU takes longer to launch than to
 * compute for a few thousand numbers. A deep model has hundreds of such parameters and few large ones.
 */
import { concat, reshape, split, type Shape, type Tensor } from '../../graph';

/** Numbers of a parameter that is better copied into a vector and back than updated by itself. */
const SMALL = 2 ** 16;

/** Parameters that are updated by the same operators. */
export interface Bundle {
  /** What belongs to the parameters, as one tensor. */
  join(of: (name: string, shape: Shape) => Tensor): Tensor;
  /** Hands every parameter its part of what was computed from joined tensors. */
  divide(joined: Tensor, give: (name: string, part: Tensor) => void): void;
}

const sizeOf = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1);

/** Small parameters in one bundle, every other in its own. */
export function bundles(names: readonly string[], shapeOf: (name: string) => Shape): Bundle[] {
  const small = names.filter((name) => sizeOf(shapeOf(name)) <= SMALL);
  const large = names.filter((name) => !small.includes(name));
  const own = (small.length > 1 ? large : names).map((name): Bundle => ({
    join: (of) => of(name, shapeOf(name)),
    divide: (joined, give) => give(name, joined),
  }));
  return small.length > 1 ? [vector(small, shapeOf), ...own] : own;
}

function vector(names: readonly string[], shapeOf: (name: string) => Shape): Bundle {
  const sizes = names.map((name) => sizeOf(shapeOf(name)));
  return {
    join: (of) =>
      concat(
        names.map((name, i) => reshape(of(name, shapeOf(name)), [sizes[i]!])),
        0,
      ),
    divide: (joined, give) =>
      split(joined, 0, sizes).forEach((part, i) => give(names[i]!, reshape(part, shapeOf(names[i]!)))),
  };
}
