import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Random } from '../../src/util/random';
import { AdamW, clipCoefficient, ParameterMemory } from '../../src/runtime/optimizer';
import { signed, unsigned } from '../../src/runtime/optimizer/wasm';

const f = Math.fround;

/** AdamW for one element in float32, one rounding per operation. */
function plainAdamW(
  state: { p: number; m: number; v: number },
  gradient: number,
  o: { lr: number; decay: number; beta1: number; beta2: number; eps: number; step: number; scale: number },
): void {
  const g = f(f(gradient) * f(o.scale));
  state.m = f(f(state.m * f(o.beta1)) + f(g * f(1 - o.beta1)));
  state.v = f(f(state.v * f(o.beta2)) + f(f(g * f(1 - o.beta2)) * g));
  const root = f(f(f(Math.sqrt(state.v)) * f(1 / Math.sqrt(1 - o.beta2 ** o.step))) + f(o.eps));
  const change = f(f(state.m * f(o.lr / (1 - o.beta1 ** o.step))) / root);
  state.p = f(f(state.p * f(1 - o.lr * o.decay)) - change);
}

const parameters = new Map([
  ['embedding.weight', { shape: [13, 5], decay: true }],
  ['norm.weight', { shape: [5], decay: false }],
  ['out.weight', { shape: [3, 7], decay: true }],
  ['dt.bias', { shape: [1], decay: false, lrScale: 0.1 }],
]);
const options = { betas: [0.9, 0.95] as const, weight_decay: 0.1, eps: 1e-8, clip: 1 };

describe('AdamW in WebAssembly', () => {
  it('lays parameters out in contiguous groups without overlap', () => {
    const memory = new ParameterMemory(parameters);
    assert.deepEqual(
      memory.groups.map(({ names }) => names),
      [['embedding.weight', 'out.weight'], ['norm.weight'], ['dt.bias']],
    );
    const spans = Object.values(memory.views)
      .slice(0, 4)
      .flatMap((views) => [...views.values()])
      .map((view) => [view.byteOffset, view.byteOffset + view.byteLength] as const)
      .sort((a, b) => a[0] - b[0]);
    for (let index = 1; index < spans.length; index++) assert.ok(spans[index]![0] >= spans[index - 1]![1]);
  });

  it('equals the plain float32 loop bit for bit over many steps', () => {
    const memory = new ParameterMemory(parameters);
    const adamw = new AdamW(memory, options);
    const random = new Random(3, 'adamw');
    const plain = new Map<string, { p: number; m: number; v: number }[]>();
    for (const [name, view] of memory.views.parameters) {
      for (let index = 0; index < view.length; index++) view[index] = random.normal();
      plain.set(
        name,
        Array.from(view, (p) => ({ p, m: 0, v: 0 })),
      );
    }
    for (let step = 1; step <= 25; step++) {
      const lr = 1e-2 / step;
      for (const view of memory.views.gradients.values()) {
        for (let index = 0; index < view.length; index++) view[index] = random.normal() * 10 ** (step % 5);
      }
      const norm = adamw.gradientNorm();
      adamw.update(step, lr, norm);
      const scale = clipCoefficient(norm, options.clip);
      for (const [name, states] of plain) {
        const { decay, lrScale = 1 } = parameters.get(name)! as { decay: boolean; lrScale?: number };
        const gradient = memory.views.gradients.get(name)!;
        states.forEach((state, index) =>
          plainAdamW(state, gradient[index]!, {
            lr: lr * lrScale,
            decay: decay ? options.weight_decay : 0,
            beta1: 0.9,
            beta2: 0.95,
            eps: options.eps,
            step,
            scale,
          }),
        );
        assert.deepEqual(
          [...memory.views.parameters.get(name)!],
          states.map(({ p }) => p),
          `${name} at ${step}`,
        );
        assert.deepEqual(
          [...memory.views.moments2.get(name)!],
          states.map(({ v }) => v),
        );
      }
    }
  });

  it('computes the global norm in double and reports what is not finite', () => {
    const memory = new ParameterMemory(parameters);
    const adamw = new AdamW(memory, options);
    const random = new Random(5, 'norm');
    let sum = 0;
    for (const view of memory.views.gradients.values()) {
      for (let index = 0; index < view.length; index++) {
        view[index] = 1e20 * random.normal();
        sum += view[index]! ** 2;
      }
    }
    assert.ok(Math.abs(adamw.gradientNorm() / Math.sqrt(sum) - 1) < 1e-14);
    memory.views.gradients.get('out.weight')![20] = Number.NaN;
    assert.ok(Number.isNaN(adamw.gradientNorm()));
    memory.views.gradients.get('out.weight')![20] = -Infinity;
    assert.equal(adamw.gradientNorm(), Infinity);
  });

  it('averages accumulated micro-batches', () => {
    const summed = new ParameterMemory(parameters, true);
    const direct = new ParameterMemory(parameters);
    const micro = [1, 2, 4];
    const accumulating = new AdamW(summed, options);
    micro.forEach((value, index) => {
      for (const view of summed.views.gradients.values()) view.fill(value / 64);
      accumulating.accumulate(index === 0);
    });
    for (const view of direct.views.gradients.values()) view.fill(7 / 3 / 64);
    const plain = new AdamW(direct, options);
    const norm = accumulating.gradientNorm(micro.length);
    assert.ok(Math.abs(norm / plain.gradientNorm() - 1) < 1e-6);
    accumulating.update(1, 0.1, norm, micro.length);
    plain.update(1, 0.1, plain.gradientNorm());
    for (const [name, view] of direct.views.parameters) {
      view.forEach((value, index) =>
        assert.ok(Math.abs(value - summed.views.parameters.get(name)![index]!) <= 1e-6 * Math.abs(value)),
      );
    }
  });

  it('clips as min(1, clip / (norm + 1e-6)) and not at all for 0', () => {
    assert.equal(clipCoefficient(0.5, 1), 1);
    assert.equal(clipCoefficient(4, 1), 1 / (4 + 1e-6));
    assert.equal(clipCoefficient(4, 0), 1);
  });

  it('refuses a model beyond the 4 GB of a 32-bit memory', () => {
    assert.throws(
      () => new ParameterMemory(new Map([['w', { shape: [300_000, 1000], decay: true }]])),
      /300,000,000 parameters/,
    );
  });
});

describe('WebAssembly integers', () => {
  it('LEB128 round trips', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
        let result = 0;
        let shift = 0;
        const bytes = signed(value);
        for (const byte of bytes) {
          result |= (byte & 0x7f) << shift;
          shift += 7;
        }
        if (shift < 32 && (bytes.at(-1)! & 0x40) !== 0) result |= -1 << shift;
        return result === value;
      }),
    );
    assert.deepEqual(unsigned(624485), [0xe5, 0x8e, 0x26]);
  });
});
