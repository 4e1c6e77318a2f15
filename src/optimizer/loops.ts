/**
 * @file The optimiser's inner loops as WebAssembly SIMD over float32 arrays in one memory.
 *
 * Every loop runs over `[start, end)` in steps of 16 bytes; `ParameterMemory` pads tensors with zeros so that
 * no scalar tail is needed. No fused multiply-add exists in baseline SIMD: each lane does exactly the rounding
 * steps of the plain float32 loop in the tests, so the results are the same bits everywhere.
 */
import { assemble, f32, f64, i32, op, v128, type Code, type WasmFunction } from './wasm';

const LANES_BYTES = 16;

/**
 * A loop of Adam.
 * @param decay 1 - lr · weight_decay for AdamW, the weight decay itself for Adam
 * @param fresh1 1 - beta1
 * @param fresh2 1 - beta2
 * @param rootCorrection 1 / √(1 - beta2^t)
 * @param stepSize lr / (1 - beta1^t)
 * @param gradientScale factor on the gradient: clipping, and 1/accumulate
 */
type AdamLoop = (
  parameter: number,
  end: number,
  gradient: number,
  moment1: number,
  moment2: number,
  decay: number,
  beta1: number,
  fresh1: number,
  beta2: number,
  fresh2: number,
  rootCorrection: number,
  eps: number,
  stepSize: number,
  gradientScale: number,
) => void;

type SgdLoop = (
  parameter: number,
  end: number,
  gradient: number,
  buffer: number,
  decay: number,
  momentum: number,
  rate: number,
  gradientScale: number,
) => void;

/** The exported functions; addresses are byte offsets into the memory. */
export interface Loops {
  readonly adamw: AdamLoop;
  readonly adam: AdamLoop;
  readonly sgd: SgdLoop;
  readonly nesterov: SgdLoop;
  /** Σ x², accumulated in double. */
  sumOfSquares(start: number, end: number): number;
  /** target += source · weight */
  accumulate(target: number, end: number, source: number, weight: number): void;
}

const scalar = (index: number): Code => [...op.localGet(index), ...op.f32x4Splat];
const advance = (index: number): Code => [
  ...op.localGet(index),
  ...op.i32Const(LANES_BYTES),
  ...op.i32Add,
  ...op.localSet(index),
];
const again = (cursor: number, end: number): Code => [
  ...op.localGet(cursor),
  ...op.localGet(end),
  ...op.i32LtU,
];

/** gradient = g · scale, on the stack. */
const scaled = (address: number, scale: number): Code => [
  ...op.localGet(address),
  ...op.v128Load(),
  ...scalar(scale),
  ...op.f32x4Mul,
];
/** Adds decay · p to the gradient on the stack. */
const withL2 = (p: number, decay: number): Code => [
  ...op.localGet(p),
  ...op.v128Load(),
  ...scalar(decay),
  ...op.f32x4Mul,
  ...op.f32x4Add,
];

function adam(name: 'adamw' | 'adam'): WasmFunction {
  const [p, end, g, m, v] = [0, 1, 2, 3, 4];
  const [decay, beta1, fresh1, beta2, fresh2, rootCorrection, eps, stepSize, gradientScale] = [
    5, 6, 7, 8, 9, 10, 11, 12, 13,
  ];
  const [gradient, moment1, moment2] = [14, 15, 16];
  const decoupled = name === 'adamw';
  return {
    name,
    parameters: [i32, i32, i32, i32, i32, f32, f32, f32, f32, f32, f32, f32, f32, f32],
    locals: [v128, v128, v128],
    body: [
      op.doWhile(
        scaled(g, gradientScale),
        decoupled ? [] : withL2(p, decay),
        op.localSet(gradient),
        // m = beta1·m + (1 - beta1)·gradient
        op.localGet(m),
        op.localGet(m),
        op.v128Load(),
        scalar(beta1),
        op.f32x4Mul,
        op.localGet(gradient),
        scalar(fresh1),
        op.f32x4Mul,
        op.f32x4Add,
        op.localTee(moment1),
        op.v128Store(),
        // v = beta2·v + (1 - beta2)·gradient·gradient
        op.localGet(v),
        op.localGet(v),
        op.v128Load(),
        scalar(beta2),
        op.f32x4Mul,
        op.localGet(gradient),
        scalar(fresh2),
        op.f32x4Mul,
        op.localGet(gradient),
        op.f32x4Mul,
        op.f32x4Add,
        op.localTee(moment2),
        op.v128Store(),
        // p = keep·p - stepSize·m / (√v·rootCorrection + eps), keep 1 unless decoupled
        op.localGet(p),
        op.localGet(p),
        op.v128Load(),
        decoupled ? [...scalar(decay), ...op.f32x4Mul] : [],
        op.localGet(moment1),
        scalar(stepSize),
        op.f32x4Mul,
        op.localGet(moment2),
        op.f32x4Sqrt,
        scalar(rootCorrection),
        op.f32x4Mul,
        scalar(eps),
        op.f32x4Add,
        op.f32x4Div,
        op.f32x4Sub,
        op.v128Store(),
        advance(g),
        advance(m),
        advance(v),
        advance(p),
        again(p, end),
      ),
    ],
  };
}

function sgd(name: 'sgd' | 'nesterov'): WasmFunction {
  const [p, end, g, buffer, decay, momentum, rate, gradientScale] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [gradient, moved] = [8, 9];
  const ahead: Code = [
    ...op.localGet(gradient),
    ...op.localGet(moved),
    ...scalar(momentum),
    ...op.f32x4Mul,
    ...op.f32x4Add,
  ];
  return {
    name,
    parameters: [i32, i32, i32, i32, f32, f32, f32, f32],
    locals: [v128, v128],
    body: [
      op.doWhile(
        scaled(g, gradientScale),
        withL2(p, decay),
        op.localSet(gradient),
        // buffer = momentum·buffer + gradient
        op.localGet(buffer),
        op.localGet(buffer),
        op.v128Load(),
        scalar(momentum),
        op.f32x4Mul,
        op.localGet(gradient),
        op.f32x4Add,
        op.localTee(moved),
        op.v128Store(),
        // p = p - rate·direction
        op.localGet(p),
        op.localGet(p),
        op.v128Load(),
        name === 'nesterov' ? ahead : op.localGet(moved),
        scalar(rate),
        op.f32x4Mul,
        op.f32x4Sub,
        op.v128Store(),
        advance(g),
        advance(buffer),
        advance(p),
        again(p, end),
      ),
    ],
  };
}

function sumOfSquares(): WasmFunction {
  const [start, end, values, low, high] = [0, 1, 2, 3, 4];
  const square: Code = [...op.f64x2PromoteLow, ...op.localTee(5), ...op.localGet(5), ...op.f64x2Mul];
  const total = (sum: number): Code => [
    ...op.localGet(sum),
    ...op.f64x2ExtractLane(0),
    ...op.localGet(sum),
    ...op.f64x2ExtractLane(1),
    ...op.f64Add,
  ];
  return {
    name: 'sumOfSquares',
    parameters: [i32, i32],
    result: f64,
    locals: [v128, v128, v128, v128],
    body: [
      op.doWhile(
        op.localGet(start),
        op.v128Load(),
        op.localTee(values),
        square,
        op.localGet(low),
        op.f64x2Add,
        op.localSet(low),
        op.localGet(values),
        op.localGet(values),
        op.highToLow,
        square,
        op.localGet(high),
        op.f64x2Add,
        op.localSet(high),
        advance(start),
        again(start, end),
      ),
      total(low),
      total(high),
      op.f64Add,
    ],
  };
}

function accumulate(): WasmFunction {
  const [target, end, source, weight] = [0, 1, 2, 3];
  return {
    name: 'accumulate',
    parameters: [i32, i32, i32, f32],
    locals: [],
    body: [
      op.doWhile(
        op.localGet(target),
        op.localGet(target),
        op.v128Load(),
        scaled(source, weight),
        op.f32x4Add,
        op.v128Store(),
        advance(source),
        advance(target),
        again(target, end),
      ),
    ],
  };
}

let compiled: WebAssembly.Module | undefined;

/** The loops over one memory. Empty ranges must not be passed: a loop runs at least once. */
export function bindLoops(memory: WebAssembly.Memory): Loops {
  compiled ??= new WebAssembly.Module(
    assemble([
      ...[adam('adamw'), adam('adam'), sgd('sgd'), sgd('nesterov')],
      ...[sumOfSquares(), accumulate()],
    ]),
  );
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Loops;
}
