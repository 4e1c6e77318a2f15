/**
 * @file Every function of one number over the whole range of float32, value and slope, against float64: relative to
 * each result by itself, so that small ones count as much as large ones.
 */
import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { apply1 } from '../../src/graph/node';
import { openSession } from '../../src/runtime/ort';
import { webgpuProblem } from './support/compare';

/** What a result may be off by, and where. */
interface Allowance {
  /** Of the result, instead of RELATIVE. */
  readonly relative?: number;
  /** Of the argument (at least 1), for functions that are made to be accurate against it alone. */
  readonly absolute?: number;
  /** Largest argument. */
  readonly until?: number;
}

/** Some units in the last place. */
const RELATIVE = 6e-7;
/** Below this, float32 has fewer bits. */
const SMALLEST = 2 ** -126;

const ALLOWANCES: Readonly<Record<string, Allowance>> = {
  // The processor's kernels of sigmoids are accurate against 1: gates, whose results multiply what is of order 1.
  sigmoid: { absolute: 5e-8 },
  silu: { absolute: 1e-7 },
  // A slope of 1 - y² is accurate against 1, as in PyTorch; that of the error function has the square's rounding.
  tanh: { absolute: 2.5e-7 },
  erf: { relative: 6e-6 },
  // x times a share between 0 and 1 that is accurate against 1.
  gelu: { absolute: 2.5e-7 },
  geluTanh: { absolute: 4e-7 },
  // Rounds are taken away before the polynomial; angles of layers are kept within one.
  sin: { absolute: 1e-7, until: 1e4 },
  cos: { absolute: 1e-7, until: 1e4 },
};

/** Magnitudes from 1e-30 to 1e30, close where functions bend, subnormal and the largest; both signs; zeros. */
function grid(): Float32Array {
  const magnitudes = [1e-45, 1e-41, 1.1e-38, 3.4e38];
  for (let power = -30; power <= 30; power += 0.25) magnitudes.push(10 ** power);
  for (let x = 1e-3; x < 120; x *= 1.03) magnitudes.push(x);
  magnitudes.sort((a, b) => a - b);
  return Float32Array.from([...magnitudes.map((x) => -x).reverse(), -0, 0, ...magnitudes]);
}

interface Function1 {
  readonly name: string;
  readonly program: Readonly<Record<'value' | 'slope', g.Tensor>>;
}

/** The operators of one float tensor that act on each number by itself and have a gradient. */
function functions(count: number): Function1[] {
  const x = g.input('x', [count]);
  return g.registeredOperators().flatMap((operator) => {
    try {
      const value = apply1(operator, [x], { low: -2, high: 3 });
      const [slope] = g.gradients([{ output: value, cotangent: g.ones([count]) }], [x]) as [g.Tensor];
      const program = { value, slope };
      g.interpret([value, slope], { x: new Float64Array(count) });
      g.compile(program, { target: 'cpu' });
      return value.shape.join() === x.shape.join() && value.dtype === 'float32'
        ? [{ name: operator.name, program }]
        : [];
    } catch {
      // Of several tensors, or along an axis.
      return [];
    }
  });
}

async function check(
  { name, program }: Function1,
  xs: Float32Array,
  device: 'cpu' | 'webgpu',
  allowed: Allowance,
) {
  const { relative = RELATIVE, absolute = 0, until = Infinity } = allowed;
  const parts = Object.keys(program) as (keyof typeof program)[];
  const expected = g.interpret(Object.values(program), { x: xs });
  const session = await openSession(g.compile(program, { target: device }), { device });
  const found = await session.run({ x: xs });
  await session.release();
  for (const [i, x] of xs.entries()) {
    // Outside the domain nothing is promised.
    if (Math.abs(x) > until || !Number.isFinite(expected[0]![i]!)) continue;
    for (const [k, part] of parts.entries()) {
      const [want, is] = [expected[k]![i]!, (found[part] as Float32Array)[i]!];
      if (Math.abs(Math.fround(want)) === Infinity || Number.isNaN(want)) continue;
      const bound = relative * Math.max(Math.abs(want), SMALLEST) + absolute * Math.max(1, Math.abs(x));
      assert.ok(Math.abs(is - want) <= bound, `${part} of ${name} at ${x}: ${is} against ${want}`);
    }
  }
}

describe('functions of one number over the range of float32', function () {
  this.timeout(120_000);
  const xs = grid();
  const all = functions(xs.length);

  it('are all found', () => {
    const names = all.map(({ name }) => name);
    const some = ['exp', 'log', 'sqrt', 'softplus', 'silu', 'gelu', 'elu', 'expm1', 'log1p', 'clip', 'sin'];
    assert.deepEqual(
      some.filter((name) => !names.includes(name)),
      [],
    );
    assert.deepEqual(
      Object.keys(ALLOWANCES).filter((name) => !names.includes(name)),
      [],
    );
  });

  for (const one of all)
    it(`${one.name} on the CPU`, () => check(one, xs, 'cpu', ALLOWANCES[one.name] ?? {}));

  // The device's own functions promise little; what is made of them to be accurate for small results has to be.
  for (const name of ['softplus', 'elu', 'expm1', 'log1p', 'atanh']) {
    it(`${name} on WebGPU`, async function () {
      const problem = await webgpuProblem();
      if (problem !== undefined) {
        this.test!.title += ` (skipped: no WebGPU device here: ${problem.slice(0, 120)})`;
        this.skip();
      }
      const usual = xs.map((x) => (Math.abs(x) < 1e-30 ? 0 : Math.max(-12, Math.min(x, 12))));
      await check(
        all.find((one) => one.name === name)!,
        usual,
        'webgpu',
        { relative: 1e-5 },
      );
    });
  }
});
