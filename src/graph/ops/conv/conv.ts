/**
 * @file Convolutions over any number of spatial axes, channels first. Input, kernel and output meet in one
 * trilinear form Σ x w y; the convolution, its transpose and the gradient of its kernel are its three partial
 * derivatives, so each one's gradients are the other two.
 */
import { checkFloat32 } from '../../dtype';
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { sameShape, size } from '../../shape';
import type { Node, Operator, Shape, Tensor, TensorType, Value } from '../../types';
import { add } from '../elementwise/binary';
import { reshape } from '../shape/reshape';
import { flip } from '../shape/slice';
import { transpose } from '../shape/transpose';
import {
  onnxWindows,
  reach,
  visitTaps,
  windowCounts,
  windows,
  type ConvAttributes,
  type WindowOptions,
} from './geometry';
import { kernelGradient } from './kernel-gradient';

/** Extents of the input that the output does not tell: a stride may leave some of them out. */
interface TransposeAttributes extends ConvAttributes {
  readonly spatial: readonly number[];
}

type Term = (x: number, w: number, y: number) => void;

/** Calls `visit` with the flat places of all terms of Σ x w y. */
function visitTerms(x: Shape, w: Shape, y: Shape, attributes: ConvAttributes, visit: Term): void {
  const { groups, kernel } = attributes;
  const [batch, channels, ...spatial] = x as [number, number, ...number[]];
  const [, features, ...counts] = y as [number, number, ...number[]];
  const [inner, taps] = [w[1]!, size(kernel)];
  const [xs, ys] = [size(spatial), size(counts)];
  visitTaps(spatial, counts, attributes, (input, tap, output) => {
    for (let n = 0; n < batch; n++) {
      for (let o = 0; o < features; o++) {
        const first = Math.floor((o * groups) / features) * inner;
        for (let c = 0; c < inner; c++) {
          visit(
            (n * channels + first + c) * xs + input,
            (o * inner + c) * taps + tap,
            (n * features + o) * ys + output,
          );
        }
      }
    }
  });
}

function checkKernel(
  name: string,
  inputs: readonly Tensor[],
  channels: number,
  w: Tensor,
  groups: number,
): void {
  checkFloat32(name, inputs);
  const whole =
    Number.isInteger(groups) && groups >= 1 && channels % groups === 0 && w.shape[0]! % groups === 0;
  check(whole, name, `${groups} groups do not divide the channels`, inputs);
}

const convOperator: Operator<ConvAttributes> = defineOperator<ConvAttributes>({
  name: 'conv',
  infer(inputs, attributes) {
    const [x, w] = inputs as [Tensor, Tensor];
    checkKernel('conv', inputs, x.shape[1]!, w, attributes.groups);
    check(
      w.shape[1] === x.shape[1]! / attributes.groups,
      'conv',
      'the kernel must be (out, in / groups, …)',
      inputs,
    );
    return [{ dtype: 'float32', shape: [x.shape[0]!, w.shape[0]!, ...windowCounts('conv', x, attributes)] }];
  },
  evaluate: ([x, w], attributes, [type]) => [
    filled(type!, (data) =>
      visitTerms(
        x!.shape,
        w!.shape,
        type!.shape,
        attributes,
        (i, k, o) => (data[o]! += x!.data[i]! * w!.data[k]!),
      ),
    ),
  ],
  gradient({ inputs: [x, w], attributes }, [dy], wanted) {
    if (!dy) return [];
    return [
      wanted[0] ? transposed(dy, w!, attributes, x!.shape.slice(2)) : undefined,
      wanted[1] ? apply1(kernelOperator, [x!, dy], attributes) : undefined,
    ];
  },
  lower: (emit, inputs, { attributes }) => [
    emit.node('Conv', inputs, { attributes: { ...onnxWindows(attributes), group: attributes.groups } }),
  ],
});

function filled({ shape }: TensorType, fill: (data: Float64Array) => void): Value {
  const data = new Float64Array(size(shape));
  fill(data);
  return { shape, data };
}

const transposed = (y: Tensor, w: Tensor, attributes: ConvAttributes, spatial: readonly number[]): Tensor =>
  apply1(transposeOperator, [y, w], { ...attributes, spatial: [...spatial] });

const inputShape = (y: Tensor, w: Tensor, { groups, spatial }: TransposeAttributes): Shape => [
  y.shape[0]!,
  w.shape[1]! * groups,
  ...spatial,
];

const transposeOperator: Operator<TransposeAttributes> = defineOperator<TransposeAttributes>({
  name: 'convTranspose',
  infer(inputs, attributes) {
    const [y, w] = inputs as [Tensor, Tensor];
    checkKernel('convTranspose', inputs, y.shape[1]!, w, attributes.groups);
    check(w.shape[0] === y.shape[1], 'convTranspose', 'the kernel must be (in, out / groups, …)', inputs);
    const type = { dtype: 'float32', shape: inputShape(y, w, attributes) } as const;
    const counts = windowCounts('convTranspose', type, attributes);
    const fits = sameShape(counts, y.shape.slice(2));
    check(fits, 'convTranspose', `cannot give [${attributes.spatial.join(', ')}]`, inputs);
    return [type];
  },
  evaluate: ([y, w], attributes, [type]) => [
    filled(type!, (data) =>
      visitTerms(
        type!.shape,
        w!.shape,
        y!.shape,
        attributes,
        (i, k, o) => (data[i]! += y!.data[o]! * w!.data[k]!),
      ),
    ),
  ],
  gradient({ inputs: [y, w], attributes: { spatial: _, ...attributes } }, [dx], wanted) {
    if (!dx) return [];
    return [
      wanted[0] ? apply1(convOperator, [dx, w!], attributes) : undefined,
      wanted[1] ? apply1(kernelOperator, [dx, y!], attributes) : undefined,
    ];
  },
  expand([y, w], attributes) {
    const flipped = asConvolution(y!, w!, attributes);
    return { outputs: [flipped ?? apply1(transposeKernel, [y!, w!], attributes)] };
  },
});

/** Without strides a transposed convolution is one with the kernel reversed, which the CPU does faster. */
function asConvolution(y: Tensor, w: Tensor, attributes: TransposeAttributes): Tensor | undefined {
  const { spatial: _, groups, ...own } = attributes;
  const rest = own.kernel.map((__, i) => reach(own, i) - 1);
  const before = rest.map((extent, i) => extent - own.before[i]!);
  const after = rest.map((extent, i) => extent - own.after[i]!);
  if (own.strides.some((stride) => stride !== 1) || [...before, ...after].some((n) => n < 0))
    return undefined;
  const [features, inner, ...kernel] = w.shape as [number, number, ...number[]];
  const grouped = reshape(w, [groups, features / groups, inner, ...kernel]);
  const swapped = transpose(grouped, [0, 2, 1, ...kernel.map((__, i) => i + 3)]);
  const turned = kernel.reduce(
    (k, __, i) => flip(k, i + 2),
    reshape(swapped, [groups * inner, features / groups, ...kernel]),
  );
  return apply1(convOperator, [y, turned], { ...own, before, after, groups });
}

const transposeKernel: Operator<TransposeAttributes> = defineOperator<TransposeAttributes>({
  ...transposeOperator,
  name: 'convTransposeKernel',
  gradient: undefined,
  expand: undefined,
  lower(emit, inputs, { inputs: [y], attributes }: Node<TransposeAttributes>) {
    const { groups, spatial, strides, before, after } = attributes;
    const output_padding = spatial.map(
      (extent, i) =>
        extent + before[i]! + after[i]! - reach(attributes, i) - (y!.shape[i + 2]! - 1) * strides[i]!,
    );
    return [
      emit.node('ConvTranspose', inputs, {
        attributes: { ...onnxWindows(attributes), group: groups, output_padding },
      }),
    ];
  },
});

/** Inputs x and y, output the kernel's cotangent. */
const kernelOperator: Operator<ConvAttributes> = defineOperator<ConvAttributes>({
  name: 'convKernelGradient',
  infer([x, y], { groups, kernel }) {
    return [{ dtype: 'float32', shape: [y!.shape[1]!, x!.shape[1]! / groups, ...kernel] }];
  },
  evaluate: ([x, y], attributes, [type]) => [
    filled(type!, (data) =>
      visitTerms(
        x!.shape,
        type!.shape,
        y!.shape,
        attributes,
        (i, k, o) => (data[k]! += x!.data[i]! * y!.data[o]!),
      ),
    ),
  ],
  gradient({ inputs: [x, y], attributes }, [dw], wanted) {
    if (!dw) return [];
    return [
      wanted[0] ? transposed(y!, dw, attributes, x!.shape.slice(2)) : undefined,
      wanted[1] ? apply1(convOperator, [x!, dw], attributes) : undefined,
    ];
  },
  expand: ([x, y], attributes) => ({ outputs: [kernelGradient(x!, y!, attributes)] }),
});

export interface ConvOptions extends WindowOptions {
  readonly bias?: Tensor;
  /** Input and output channels are divided into so many groups; as many as channels is depthwise. */
  readonly groups?: number;
}

function kernelWindows(name: string, x: Tensor, w: Tensor, options: ConvOptions): ConvAttributes {
  const alike = x.shape.length >= 3 && x.shape.length === w.shape.length;
  check(alike, name, 'needs an input (N, C, …) and a kernel of as many axes', [x, w]);
  return { ...windows(name, x, w.shape.slice(2), options), groups: options.groups ?? 1 };
}

function biased(name: string, y: Tensor, bias: Tensor | undefined): Tensor {
  if (!bias) return y;
  check(sameShape(bias.shape, [y.shape[1]!]), name, 'the bias must be (out)', [y, bias]);
  return add(y, reshape(bias, [-1, ...y.shape.slice(2).map(() => 1)]));
}

/**
 * Cross-correlation as PyTorch's conv1d and conv2d.
 * @param x (N, in, …)
 * @param w (out, in / groups, …)
 * @param options.padding zeros at both ends of every axis, or `[before, after]` of each
 * @returns (N, out, …)
 */
export const conv = (x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor =>
  biased('conv', apply1(convOperator, [x, w], kernelWindows('conv', x, w, options)), options.bias);

/**
 * The adjoint of `conv`, as PyTorch's conv_transpose1d and conv_transpose2d.
 * @param y (N, in, …)
 * @param w (in, out / groups, …)
 * @param options.outputPadding extents added at the end, less than the stride
 * @returns (N, out, …)
 */
export function convTranspose(
  y: Tensor,
  w: Tensor,
  options: ConvOptions & { readonly outputPadding?: number } = {},
): Tensor {
  const attributes = kernelWindows('convTranspose', y, w, options);
  const { strides, before, after } = attributes;
  const spatial = y.shape
    .slice(2)
    .map(
      (extent, i) =>
        (extent - 1) * strides[i]! +
        reach(attributes, i) -
        before[i]! -
        after[i]! +
        (options.outputPadding ?? 0),
    );
  return biased('convTranspose', transposed(y, w, attributes, spatial), options.bias);
}
