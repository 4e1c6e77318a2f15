import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { trainSchema } from '../../src/models/config';
import { withAdamW } from '../../src/runtime/engine/device';
import { AdamW, ParameterMemory } from '../../src/runtime/optimizer';
import { Random } from '../../src/util/random';

const parameters = new Map([
  ['w', { shape: [3, 4], decay: true }],
  ['b', { shape: [4], decay: false }],
  ['slow', { shape: [4], decay: true, lrScale: 0.1 }],
]);

describe('the optimiser inside a device graph', () => {
  it('updates as the one on the CPU does, clipping included', () => {
    const train = trainSchema.parse({ clip: 0.5, optimizer: { lr: 0.01, weight_decay: 0.1 } });
    const inputs = new Map([...parameters].map(([name, { shape }]) => [name, g.input(name, shape)]));
    const [w, b, slow] = [inputs.get('w')!, inputs.get('b')!, inputs.get('slow')!];
    const x = g.input('x', [2, 3]);
    const loss = g.mean(g.square(g.add(g.mul(g.matmul(x, w), slow), b)));
    const gradients = g.gradients([{ output: loss }], [...inputs.values()]);
    const graph: Record<string, g.Tensor> = { loss };
    [...inputs.keys()].forEach((name, index) => (graph[`grad.${name}`] = gradients[index]!));
    const outputs = withAdamW(graph, parameters, train);
    const names = Object.keys(outputs);

    const memory = new ParameterMemory(parameters);
    const adamw = new AdamW(memory, { ...train.optimizer, clip: train.clip });
    const random = new Random(2, 'device optimiser');
    for (const view of memory.views.parameters.values()) {
      for (let index = 0; index < view.length; index++) view[index] = random.normal();
    }
    const state: Record<string, g.NumericArray> = {};
    for (const [name, view] of memory.views.parameters) {
      state[name] = Float64Array.from(view);
      state[`moment1.${name}`] = new Float64Array(view.length);
      state[`moment2.${name}`] = new Float64Array(view.length);
    }
    const [beta1, beta2] = train.optimizer.betas;
    for (let step = 1; step <= 6; step++) {
      const lr = 0.01 * step;
      const feeds = {
        ...state,
        x: Float64Array.from({ length: 6 }, () => random.normal()),
        lr: [lr],
        correction1: [1 / (1 - beta1 ** step)],
        rootCorrection: [1 / Math.sqrt(1 - beta2 ** step)],
      };
      const found = Object.fromEntries(
        g.interpret(Object.values(outputs), feeds).map((values, index) => [names[index]!, values]),
      );
      const wrt = g.interpret(gradients, feeds);
      [...inputs.keys()].forEach((name, index) => memory.views.gradients.get(name)!.set(wrt[index]!));
      const norm = adamw.gradientNorm();
      assert.ok(Math.abs(found['grad_norm']![0]! - norm) < 1e-5 * norm);
      adamw.update(step, lr, norm);
      for (const name of Object.keys(state)) state[name] = found[`next.${name}`]!;
      for (const [name, view] of memory.views.parameters) {
        view.forEach((value, index) =>
          assert.ok(Math.abs(value - state[name]![index]!) < 2e-6, `${name} after step ${step}`),
        );
      }
    }
  });
});
