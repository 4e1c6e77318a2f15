/** @file First-order linear recurrences h[t] = a[t] h[t-1] + b[t], real and complex. */
import type { Target } from '../compile/emitter';
import { checkFloat32 } from '../dtype';
import { check } from '../errors';
import { cadd, cmul, conjugate, type Complex } from '../lti/complex';
import { apply, apply1 } from '../node';
import { add, mul } from '../ops/elementwise/binary';
import { zeros } from '../ops/leaves';
import { pad, slice } from '../ops/shape/slice';
import { transpose } from '../ops/shape/transpose';
import { defineOperator } from '../registry';
import { scanLoop } from '../scan/scan';
import { axisOf, sameShape, size } from '../shape';
import type { Operator, Shape, Tensor, Value } from '../types';
import { associativeScan } from './associative';

interface RecurrenceAttributes {
  /** From the last place to the first. */
  readonly reverse: boolean;
}

/** Elements of one step from which the CPU takes step by step: below, what a step costs by itself is more. */
const LOOP_ELEMENTS = 512;

const inSteps = (shape: Shape, target: Target): boolean =>
  target !== 'webgpu' && size(shape.slice(1)) >= LOOP_ELEMENTS;

/** Every place holds its neighbour that the recurrence comes from, zeros at the end that it starts from. */
function neighbours(x: Tensor, reverse: boolean): Tensor {
  const n = x.shape[0]!;
  return reverse ? pad(slice(x, 0, 1, n), 0, 0, 1) : pad(slice(x, 0, 0, n - 1), 0, 1, 0);
}

const checkAlike = (name: string, inputs: readonly Tensor[]): void => {
  checkFloat32(name, inputs);
  const [first, ...others] = inputs as [Tensor, ...Tensor[]];
  const alike = first.shape.length > 0 && others.every(({ shape }) => sameShape(shape, first.shape));
  check(alike, name, 'operands must be of one shape, time first', inputs);
};

/** Calls `visit` with the flat index of every place and of the place before it (undefined at the start). */
function inOrder(shape: Shape, reverse: boolean, visit: (at: number, before?: number) => void): void {
  const n = shape[0]!;
  const width = size(shape.slice(1));
  for (let step = 0; step < n; step++) {
    const at = (reverse ? n - 1 - step : step) * width;
    for (let i = at; i < at + width; i++) visit(i, step === 0 ? undefined : i + (reverse ? width : -width));
  }
}

const realOperator: Operator<RecurrenceAttributes> = defineOperator<RecurrenceAttributes>({
  name: 'linearRecurrence',
  infer(inputs) {
    checkAlike('linearRecurrence', inputs);
    return [{ dtype: 'float32', shape: inputs[0]!.shape }];
  },
  evaluate([a, b], { reverse }) {
    const data = b!.data.slice();
    inOrder(b!.shape, reverse, (at, before) => {
      if (before !== undefined) data[at]! += a!.data[at]! * data[before]!;
    });
    return [{ shape: b!.shape, data }];
  },
  // g[t] = dh[t] + a[t+1] g[t+1]
  gradient({ inputs: [a], outputs: [h], attributes: { reverse } }, [dh]) {
    if (!dh) return [];
    const later = neighbours(a!, !reverse);
    const g = apply1(realOperator, [later, dh], { reverse: !reverse });
    return [mul(g, neighbours(h!, reverse)), g];
  },
  expand([a, b], { reverse }, { target }) {
    if (inSteps(b!.shape, target)) {
      const { emits } = scanLoop({
        states: { h: zeros(b!.shape.slice(1)) },
        sequences: { a: a!, b: b! },
        reverse,
        body({ h }, now) {
          const next = add(mul(now.a, h), now.b);
          return { states: { h: next }, emits: { h: next } };
        },
      });
      return { outputs: [emits.h] };
    }
    const combine = ([a1, b1]: readonly Tensor[], [a2, b2]: readonly Tensor[]): Tensor[] => [
      mul(a2!, a1!),
      add(mul(a2!, b1!), b2!),
    ];
    return { outputs: [associativeScan(combine, [a!, b!], 0, { reverse })[1]!] };
  },
});

/** Inputs and outputs in real and imaginary parts: a, b → h. */
const complexOperator: Operator<RecurrenceAttributes> = defineOperator<RecurrenceAttributes>({
  name: 'complexRecurrence',
  infer(inputs) {
    checkAlike('complexRecurrence', inputs);
    const type = { dtype: 'float32', shape: inputs[0]!.shape } as const;
    return [type, type];
  },
  evaluate(inputs, { reverse }) {
    const [aRe, aIm, bRe, bIm] = inputs as [Value, Value, Value, Value];
    const [re, im] = [bRe.data.slice(), bIm.data.slice()];
    inOrder(bRe.shape, reverse, (at, before) => {
      if (before === undefined) return;
      const [x, y] = [re[before]!, im[before]!];
      re[at]! += aRe.data[at]! * x - aIm.data[at]! * y;
      im[at]! += aRe.data[at]! * y + aIm.data[at]! * x;
    });
    return [re, im].map((data) => ({ shape: bRe.shape, data }));
  },
  gradient({ inputs, outputs, attributes: { reverse } }, [dRe, dIm]) {
    const [aRe, aIm] = inputs as [Tensor, Tensor];
    const later = conjugate({ re: neighbours(aRe, !reverse), im: neighbours(aIm, !reverse) });
    const dh = { re: dRe ?? zeros(aRe.shape), im: dIm ?? zeros(aRe.shape) };
    const g = ofPlaces(later, dh, !reverse);
    const [re, im] = outputs.map((h) => neighbours(h, reverse)) as [Tensor, Tensor];
    const da = cmul(g, conjugate({ re, im }));
    return [da.re, da.im, g.re, g.im];
  },
  expand(inputs, { reverse }, { target }) {
    const [aRe, aIm, bRe, bIm] = inputs as [Tensor, Tensor, Tensor, Tensor];
    if (inSteps(bRe.shape, target)) {
      const none = zeros(bRe.shape.slice(1));
      const { emits } = scanLoop({
        states: { re: none, im: none },
        sequences: { aRe, aIm, bRe, bIm },
        reverse,
        body(h, now) {
          const next = cadd(cmul({ re: now.aRe, im: now.aIm }, h), { re: now.bRe, im: now.bIm });
          return { states: { re: next.re, im: next.im }, emits: { re: next.re, im: next.im } };
        },
      });
      return { outputs: [emits.re, emits.im] };
    }
    const combine = (earlier: readonly Tensor[], later: readonly Tensor[]): Tensor[] => {
      const [a1, b1, a2, b2] = [pair(earlier, 0), pair(earlier, 2), pair(later, 0), pair(later, 2)];
      const [a, b] = [cmul(a2, a1), cadd(cmul(a2, b1), b2)];
      return [a.re, a.im, b.re, b.im];
    };
    return { outputs: associativeScan(combine, inputs, 0, { reverse }).slice(2) };
  },
});

const pair = (tensors: readonly Tensor[], i: number): Complex => ({ re: tensors[i]!, im: tensors[i + 1]! });

const ofPlaces = (a: Complex, b: Complex, reverse: boolean): Complex =>
  pair(apply(complexOperator, [a.re, a.im, b.re, b.im], { reverse }), 0);

/** `f` with the axis in front. */
function timeFirst<T>(
  axis: number,
  rank: number,
  f: (turn: (x: Tensor) => Tensor, back: (x: Tensor) => Tensor) => T,
): T {
  const front = [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
  const places = front.map((_, i) => front.indexOf(i));
  return f(
    (x) => transpose(x, front),
    (x) => transpose(x, places),
  );
}

interface RecurrenceOptions {
  readonly axis: number;
  /** From the last place to the first: h[t] = a[t] h[t+1] + b[t]. */
  readonly reverse?: boolean;
}

/** h[t] = a[t] h[t-1] + b[t] along an axis from h = 0; a and b of one shape. */
export function linearRecurrence(a: Tensor, b: Tensor, { axis, reverse = false }: RecurrenceOptions): Tensor {
  const at = axisOf('linearRecurrence', b, axis);
  return timeFirst(at, b.shape.length, (turn, back) =>
    back(apply1(realOperator, [turn(a), turn(b)], { reverse })),
  );
}

/** The same of complex numbers. */
export function complexRecurrence(
  a: Complex,
  b: Complex,
  { axis, reverse = false }: RecurrenceOptions,
): Complex {
  const at = axisOf('complexRecurrence', b.re, axis);
  return timeFirst(at, b.re.shape.length, (turn, back) => {
    const h = ofPlaces({ re: turn(a.re), im: turn(a.im) }, { re: turn(b.re), im: turn(b.im) }, reverse);
    return { re: back(h.re), im: back(h.im) };
  });
}
