/**
 * @file Cross-entropy of logits that are a product with a matrix, such as the words of a vocabulary. With 50 thousand
 * words the logits of 16 thousand tokens are 3 GB and their gradients as much, more than a GPU binds at a time. There
 * they are computed for a part of the rows at a time, forward and backward, so that no two parts live side by side.
 */
import { apply, apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { sameShape } from '../../shape';
import { behind } from '../../transform/checkpoint';
import type { ExpandContext, Expansion, Operator, Tensor, Value } from '../../types';
import { unbroadcast } from '../elementwise/broadcast';
import { add, div, mul, sub } from '../elementwise/binary';
import { equal } from '../elementwise/compare';
import { cast, where } from '../elementwise/select';
import { exp, log } from '../elementwise/unary';
import { iota, zeros } from '../leaves';
import { takeAlong } from '../lookup/along';
import { gemm, linearOperands } from '../matrix/linear';
import { max, sum } from '../reduce/reduce';
import { concat } from '../shape/concat';
import { reshape, unshaped } from '../shape/reshape';
import { slice } from '../shape/slice';
import { entropy, entropyGradient, evaluateEntropy, type CrossEntropyAttributes } from './cross-entropy';

interface Sizes {
  readonly hasBias: boolean;
}

interface GradientAttributes extends Sizes {
  /** Which of x, weight and bias have a gradient that is asked for. */
  readonly wanted: readonly boolean[];
}

interface Operands {
  /** (M, K) */
  readonly x: Tensor;
  /** (V, K) */
  readonly weight: Tensor;
  /** (V) */
  readonly bias?: Tensor | undefined;
  /** (M) int32 */
  readonly targets: Tensor;
}

const operandsOf = (inputs: readonly Tensor[], { hasBias }: Sizes): Operands => ({
  x: inputs[0]!,
  weight: inputs[1]!,
  bias: hasBias ? inputs[2] : undefined,
  targets: inputs[hasBias ? 3 : 2]!,
});

/** (M, V), in float32 whatever the product is computed in. */
const logitsOf = ({ x, weight, bias }: Operands): Tensor =>
  cast(gemm(x, weight, false, true, bias), 'float32');

/** Rows of each part, multiples of what kernels work on where that is not nothing: [from, to]. */
function partsOf({ x, weight }: Operands, largest: number): (readonly [from: number, to: number])[] {
  const [M, V] = [x.shape[0]!, weight.shape[0]!];
  const most = Math.floor(largest / (4 * V));
  const each = Math.max(1, most > ROWS ? most - (most % ROWS) : most);
  return Array.from({ length: Math.ceil(M / each) }, (_, i) => [i * each, Math.min(M, (i + 1) * each)]);
}
const ROWS = 64;

function expandInParts(o: Operands, parts: readonly (readonly [number, number])[]): Expansion {
  const saved: Record<string, Tensor> = {};
  const losses = parts.map(([from, to], i) => {
    const [x, targets] = [slice(o.x, 0, from, to), slice(o.targets, 0, from, to)];
    const logits = logitsOf({ ...o, x, targets });
    const picked = takeAlong(logits, reshape(targets, [-1, 1]), 1);
    const top = max(logits, [1], true);
    const e = exp(sub(logits, top));
    const total = sum(e, [1], true);
    const loss = sub(log(total), sub(picked, top));
    Object.assign(saved, { [`e.${i}`]: e, [`total.${i}`]: total, [`loss.${i}`]: loss });
    return reshape(loss, [to - from]);
  });
  return { outputs: [concat(losses, 0)], saved };
}

function gradientsInParts(
  o: Operands,
  dy: Tensor,
  parts: readonly (readonly [number, number])[],
  wanted: readonly boolean[],
  saved: Readonly<Record<string, Tensor>>,
): (Tensor | undefined)[] {
  const { x, weight, bias, targets } = o;
  const V = weight.shape[0]!;
  const dx: Tensor[] = [];
  let [dWeight, dBias]: (Tensor | undefined)[] = [];
  // Sums over the parts in float32, even of halves.
  const plus = (total: Tensor | undefined, own: Tensor): Tensor =>
    total ? add(total, cast(own, 'float32')) : cast(own, 'float32');
  let done: Tensor[] = [];
  for (const [i, [from, to]] of parts.entries()) {
    const own = slice(x, 0, from, to);
    const share = behind(reshape(slice(dy, 0, from, to), [to - from, 1]), done);
    const scaled = mul(saved[`e.${i}`]!, div(share, saved[`total.${i}`]!));
    const hit = equal(reshape(slice(targets, 0, from, to), [to - from, 1]), iota(V));
    const dLogits = cast(where(hit, sub(scaled, share), scaled), x.dtype as 'float32');
    done = [saved[`loss.${i}`]!];
    if (wanted[0]) {
      dx.push(gemm(dLogits, weight, false, false));
      done.push(dx.at(-1)!);
    }
    if (wanted[1]) {
      dWeight =
        x.dtype === 'float32'
          ? gemm(dLogits, own, true, false, dWeight)
          : plus(dWeight, gemm(dLogits, own, true, false));
      done.push(dWeight);
    }
    if (wanted[2] && bias) {
      dBias = plus(dBias, unbroadcast(dLogits, bias.shape));
      done.push(dBias);
    }
  }
  return [
    wanted[0] ? concat(dx, 0) : undefined,
    dWeight && cast(dWeight, weight.dtype as 'float32'),
    dBias && cast(dBias, bias!.dtype as 'float32'),
  ];
}

const isApart = ({ target, largest }: ExpandContext, o: Operands): boolean =>
  target === 'webgpu' && partsOf(o, largest).length > 1;

const PLAIN: CrossEntropyAttributes = { smoothing: 0 };

const linearCrossEntropyOperator: Operator<Sizes> = defineOperator<Sizes>({
  name: 'linearCrossEntropy',
  infer: (inputs, sizes) => [{ dtype: 'float32', shape: operandsOf(inputs, sizes).targets.shape }],
  evaluate: (inputs, { hasBias }) => {
    const logits = evaluateLogits(inputs, hasBias);
    return [evaluateEntropy(logits, inputs[hasBias ? 3 : 2]!, PLAIN)];
  },
  gradient({ inputs, outputs, attributes }, [dy], wanted) {
    if (!dy) return [];
    const { hasBias } = attributes;
    const asked = { hasBias, wanted: wanted.slice(0, hasBias ? 3 : 2) };
    const found = apply(gradientOperator, [outputs[0]!, ...inputs, dy], asked);
    return found.map((tensor, i) => (wanted[i] ? tensor : undefined));
  },
  expand(inputs, sizes, context) {
    const o = operandsOf(inputs, sizes);
    if (isApart(context, o)) return expandInParts(o, partsOf(o, context.largest));
    return { outputs: [entropy(logitsOf(o), o.targets)] };
  },
});

/** Inputs: the losses, the operands, the losses' cotangent. Outputs: of x, weight and bias, zero where not wanted. */
const gradientOperator: Operator<GradientAttributes> = defineOperator<GradientAttributes>({
  name: 'linearCrossEntropyGradient',
  infer: ([, ...inputs], { hasBias }) =>
    inputs.slice(0, hasBias ? 3 : 2).map(({ dtype, shape }) => ({ dtype, shape })),
  evaluate([, ...inputs], { hasBias }) {
    const [x, weight] = inputs as [Value, Value];
    const logits = evaluateLogits(inputs, hasBias);
    const [targets, dy] = inputs.slice(hasBias ? 3 : 2) as [Value, Value];
    const [M, K] = x.shape as [number, number];
    const V = weight.shape[0]!;
    const dx = new Float64Array(M * K);
    const dWeight = new Float64Array(V * K);
    const dBias = new Float64Array(V);
    for (let row = 0; row < M; row++) {
      const own = logits.data.subarray(row * V, (row + 1) * V);
      const top = own.reduce((a, b) => Math.max(a, b), -Infinity);
      const total = own.reduce((all, value) => all + Math.exp(value - top), 0);
      for (let v = 0; v < V; v++) {
        const share = Math.exp(own[v]! - top) / total - Number(v === targets.data[row]);
        const d = share * dy.data[row]!;
        dBias[v]! += d;
        for (let k = 0; k < K; k++) {
          dx[row * K + k]! += d * weight.data[v * K + k]!;
          dWeight[v * K + k]! += d * x.data[row * K + k]!;
        }
      }
    }
    const found = [
      { shape: x.shape, data: dx },
      { shape: weight.shape, data: dWeight },
    ];
    return hasBias ? [...found, { shape: [V], data: dBias }] : found;
  },
  expand([, ...inputs], { hasBias, wanted }, context) {
    const o = operandsOf(inputs, { hasBias });
    const dy = inputs.at(-1)!;
    const given = [o.x, o.weight, ...(o.bias ? [o.bias] : [])];
    const found = isApart(context, o)
      ? gradientsInParts(o, dy, partsOf(o, context.largest), wanted, context.saved(0))
      : gradientsAtOnce(o, dy);
    return { outputs: given.map(({ shape, dtype }, i) => found[i] ?? zeros(shape, dtype)) };
  },
});

function gradientsAtOnce(o: Operands, dy: Tensor): (Tensor | undefined)[] {
  const { x, weight, bias, targets } = o;
  const dLogits = cast(entropyGradient(logitsOf(o), targets, dy, PLAIN), x.dtype as 'float32');
  return [
    gemm(dLogits, weight, false, false),
    gemm(dLogits, x, true, false),
    bias && unbroadcast(dLogits, bias.shape),
  ];
}

function evaluateLogits(inputs: readonly Value[], hasBias: boolean): Value {
  const [x, weight] = inputs as [Value, Value];
  const [M, K] = x.shape as [number, number];
  const V = weight.shape[0]!;
  const data = new Float64Array(M * V);
  for (let row = 0; row < M; row++) {
    for (let v = 0; v < V; v++) {
      let total = hasBias ? inputs[2]!.data[v]! : 0;
      for (let k = 0; k < K; k++) total += x.data[row * K + k]! * weight.data[v * K + k]!;
      data[row * V + v] = total;
    }
  }
  return { shape: [M, V], data };
}

/**
 * -log softmax(logits)[target] per row, in nats: logits (M, V), targets (M) int32 → (M). Of a product of matrices
 * the gradient goes to its operands, past the logits.
 * @param options.labelSmoothing ε: the target gets 1 - ε, and ε is shared by all classes (Szegedy et al., 2016)
 * @param options.ignoreIndex rows with this target, which need not be a class, count zero
 */
export function crossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: { readonly labelSmoothing?: number; readonly ignoreIndex?: number } = {},
): Tensor {
  const { labelSmoothing = 0, ignoreIndex } = options;
  const product = unshaped(logits);
  const cause = product.node.operator.name === 'cast' ? unshaped(product.node.inputs[0]!) : product;
  const operands = logits.dtype === 'float32' ? linearOperands(cause) : undefined;
  const [M, V] = operands ? [operands.x.shape[0]!, operands.weight.shape[0]!] : [];
  const fits =
    sameShape(logits.shape, [M ?? -1, V ?? -1]) &&
    sameShape(targets.shape, [M ?? -1]) &&
    targets.dtype === 'int32';
  if (!operands || !fits || labelSmoothing !== 0 || ignoreIndex !== undefined) {
    return entropy(logits, targets, {
      smoothing: labelSmoothing,
      ...(ignoreIndex !== undefined && { ignored: ignoreIndex }),
    });
  }
  const { x, weight, bias } = operands;
  return apply1(linearCrossEntropyOperator, [x, weight, ...(bias ? [bias] : []), targets], {
    hasBias: bias !== undefined,
  });
}
