import assert from 'node:assert/strict';
import * as g from '../../src/graph';
import { Optimizer } from '../../src/optimizer';
import { updateGraph } from '../../src/optimizer/graph/update';
import { openSession, type Feed } from '../../src/runtime/ort';
import { Random } from '../../src/util/random';
import { optimizers, parameters } from './support/optimizers';

describe('the optimiser inside a graph', () => {
  for (const [title, optimizer] of optimizers) {
    it(`${title} updates as the one on the CPU does, average and clipping included`, async () => {
      const train = { optimizer: { ...optimizer, weight_decay: 0.1 }, clip: 0.5 };
      const sums = new Map([...parameters].map(([name, { shape }]) => [name, g.input(`sum.${name}`, shape)]));
      const graph = updateGraph(sums, parameters, train);
      const compiled = g.compile(graph.outputs, { target: 'cpu' });
      const session = await openSession(compiled, { device: 'cpu', threads: 1 });
      const cpu = new Optimizer(parameters, train);
      const { memory } = cpu;
      const random = new Random(2, title);
      const fill = (view: Float32Array): void => {
        for (let index = 0; index < view.length; index++) view[index] = random.normal();
      };
      const state: Record<string, Feed> = {};
      for (const [name, view] of memory.parameters.views) {
        fill(view);
        state[name] = view.slice();
        for (const kind of memory.states.keys()) state[`${kind}.${name}`] = new Float32Array(view.length);
      }
      for (let step = 1; step <= 6; step++) {
        const update = { step, rate: (peak: number) => peak * step };
        const feeds: Record<string, Feed> = { ...state, ...graph.scalars(update, 4) };
        for (const [name, view] of memory.gradients.views) {
          fill(view);
          feeds[`sum.${name}`] = view.slice();
        }
        const found = await session.run(feeds);
        const norm = cpu.gradientNorm(4);
        assert.ok(Math.abs((found['grad_norm'] as Float32Array)[0]! - norm) < 1e-5 * norm);
        cpu.update(update, norm, 4);
        for (const name of Object.keys(state)) state[name] = found[`next.${name}`]!;
        for (const [name, view] of memory.parameters.views) {
          const other = state[name] as Float32Array;
          view.forEach((value, index) =>
            assert.ok(Math.abs(value - other[index]!) < 2e-6, `${name} after step ${step}`),
          );
        }
      }
      await session.release();
    });
  }
});
