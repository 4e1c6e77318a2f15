import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Random } from '../../src/util/random';
import { clipCoefficient, Optimizer, parameterGroups } from '../../src/optimizer';
import { signed, unsigned } from '../../src/optimizer/wasm';
import { optimizers, parameters, plainUpdate, train, type Element } from './support/optimizers';

const options = train({ lr: 1e-2 });

describe('parameter groups', () => {
  it('take a rate and a decay of their own, or those of the run', () => {
    assert.deepEqual(parameterGroups(parameters, options.optimizer), [
      { lr: 1e-2, weightDecay: 0.1, names: ['embedding.weight', 'out.weight'] },
      { lr: 1e-2, weightDecay: 0, names: ['norm.weight'] },
      { lr: 1e-3, weightDecay: 0, names: ['A_log', 'dt.bias'] },
      { lr: 1e-2, weightDecay: 0.02, names: ['B'] },
    ]);
  });

  it('lie in the memory one behind the other without overlap', () => {
    const { memory } = new Optimizer(parameters, { ...options, accumulating: true });
    const regions = [memory.parameters, ...memory.states.values(), memory.gradients, memory.sums];
    const spans = regions
      .flatMap(({ views }) => [...views.values()])
      .map((view) => [view.byteOffset, view.byteOffset + view.byteLength] as const)
      .sort((a, b) => a[0] - b[0]);
    for (let index = 1; index < spans.length; index++) assert.ok(spans[index]![0] >= spans[index - 1]![1]);
  });
});

describe('the optimiser in WebAssembly', () => {
  for (const [title, optimizer] of optimizers) {
    it(`${title} equals the plain float32 loop bit for bit over many steps`, () => {
      const settings = { ...optimizer, weight_decay: 0.1 };
      const found = new Optimizer(parameters, { optimizer: settings, clip: 1 });
      const { memory } = found;
      const random = new Random(3, title);
      const plain = new Map<string, Element[]>();
      for (const [name, view] of memory.parameters.views) {
        for (let index = 0; index < view.length; index++) view[index] = random.normal();
        plain.set(
          name,
          Array.from(view, (p) => ({ p, states: [0, 0] })),
        );
      }
      for (let step = 1; step <= 25; step++) {
        const rate = (peak: number): number => peak / step;
        for (const view of memory.gradients.views.values()) {
          for (let index = 0; index < view.length; index++) view[index] = random.normal() * 10 ** (step % 5);
        }
        const norm = found.gradientNorm();
        found.update({ step, rate }, norm);
        const scale = Math.fround(clipCoefficient(norm, 1));
        for (const { lr, weightDecay, names } of parameterGroups(parameters, settings)) {
          for (const name of names) {
            const gradient = memory.gradients.views.get(name)!;
            plain.get(name)!.forEach((element, index) =>
              plainUpdate(settings, element, Math.fround(gradient[index]! * scale), {
                step,
                rate: rate(lr),
                decay: weightDecay,
              }),
            );
          }
        }
        for (const [name, elements] of plain) {
          const values = memory.parameters.views.get(name)!;
          assert.deepEqual(
            [...values],
            elements.map(({ p }) => p),
            `${name} at ${step}`,
          );
          [...memory.states.values()].forEach(({ views }, state) =>
            assert.deepEqual(
              [...views.get(name)!],
              elements.map(({ states }) => states[state]),
            ),
          );
        }
      }
    });
  }

  it('computes the global norm in double and reports what is not finite', () => {
    const optimizer = new Optimizer(parameters, options);
    const { gradients } = optimizer.memory;
    const random = new Random(5, 'norm');
    let sum = 0;
    for (const view of gradients.views.values()) {
      for (let index = 0; index < view.length; index++) {
        view[index] = 1e20 * random.normal();
        sum += view[index]! ** 2;
      }
    }
    assert.ok(Math.abs(optimizer.gradientNorm() / Math.sqrt(sum) - 1) < 1e-14);
    gradients.views.get('out.weight')![20] = Number.NaN;
    assert.ok(Number.isNaN(optimizer.gradientNorm()));
    gradients.views.get('out.weight')![20] = -Infinity;
    assert.equal(optimizer.gradientNorm(), Infinity);
  });

  it('keeps nothing of frozen parameters, and updates the others as ever', () => {
    const frozen = new Map(
      [...parameters].map(([name, info], i) => [name, { ...info, frozen: i % 2 === 0 }]),
    );
    for (const accumulating of [false, true]) {
      const some = new Optimizer(frozen, { ...options, clip: 0, accumulating });
      const all = new Optimizer(parameters, { ...options, clip: 0, accumulating });
      const moving = [...frozen].filter(([, info]) => !info.frozen).map(([name]) => name);
      for (const { views } of [some.memory.gradients, some.memory.sums, ...some.memory.states.values()])
        assert.deepEqual([...views.keys()], moving);
      assert.ok(some.memory.regionBytes < all.memory.regionBytes);
      const random = new Random(3, 'frozen');
      for (const [name, view] of all.memory.parameters.views) {
        view.forEach((_, i) => (view[i] = random.normal()));
        some.memory.parameters.views.get(name)!.set(view);
        const gradient = all.memory.gradients.views.get(name)!;
        gradient.forEach((_, i) => (gradient[i] = random.normal()));
        some.memory.gradients.views.get(name)?.set(gradient);
      }
      const before = new Map([...some.memory.parameters.views].map(([name, view]) => [name, view.slice()]));
      for (const optimizer of [some, all]) {
        if (accumulating) optimizer.accumulate(true);
        optimizer.update({ step: 1, rate: () => 0.1 }, optimizer.gradientNorm());
      }
      for (const [name, view] of some.memory.parameters.views) {
        const expected = moving.includes(name) ? all.memory.parameters.views.get(name) : before.get(name);
        assert.deepEqual(view, expected, name);
      }
    }
  });

  it('averages accumulated micro-batches', () => {
    const accumulating = new Optimizer(parameters, { ...options, accumulating: true });
    const direct = new Optimizer(parameters, options);
    const micro = [1, 2, 4];
    micro.forEach((value, index) => {
      for (const view of accumulating.memory.gradients.views.values()) view.fill(value / 64);
      accumulating.accumulate(index === 0);
    });
    for (const view of direct.memory.gradients.views.values()) view.fill(7 / 3 / 64);
    const norm = accumulating.gradientNorm(micro.length);
    assert.ok(Math.abs(norm / direct.gradientNorm() - 1) < 1e-6);
    const update = { step: 1, rate: () => 0.1 };
    accumulating.update(update, norm, micro.length);
    direct.update(update, direct.gradientNorm());
    for (const [name, view] of direct.memory.parameters.views) {
      const other = accumulating.memory.parameters.views.get(name)!;
      view.forEach((value, index) => assert.ok(Math.abs(value - other[index]!) <= 1e-6 * Math.abs(value)));
    }
  });

  it('clips as min(1, clip / (norm + 1e-6)) and not at all for 0', () => {
    assert.equal(clipCoefficient(0.5, 1), 1);
    assert.equal(clipCoefficient(4, 1), 1 / (4 + 1e-6));
    assert.equal(clipCoefficient(4, 0), 1);
  });

  it('refuses a model beyond the 4 GB of a 32-bit memory', () => {
    assert.throws(
      () => new Optimizer(new Map([['w', { shape: [300_000, 1000], decay: true }]]), options),
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
