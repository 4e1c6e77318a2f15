/** @file Dropout while training: drawn from seed and step alone, and gone when the model is evaluated. */
import assert from 'node:assert/strict';
import { compile, type Tensor } from '../../src/graph';
import { losses, openTiny, tinyBatch, tinyModel } from './support/engines';

const model = (kernel_dropout: number) => tinyModel([{ mixer: 'long-conv', kernel_dropout, lam: 0 }], 8, 16);

/** Losses of the same batch at two steps that change nothing. */
async function twoSteps(kernel_dropout: number): Promise<number[]> {
  const engine = await openTiny(model(kernel_dropout));
  try {
    const found: number[] = [];
    for (const step of [1, 2]) {
      found.push((await engine.step([tinyBatch(0, 4)], { step, rate: () => 0 })).loss);
    }
    return found;
  } finally {
    await engine.release();
  }
}

describe('dropout', () => {
  it('differs from step to step, and not at all without a rate', async () => {
    const [first, second] = await twoSteps(0.5);
    assert.notEqual(first, second);
    const [plain, again] = await twoSteps(0);
    assert.equal(plain, again);
  });

  it('draws the same in a second run', async () => {
    const run = async (): Promise<unknown> => {
      const engine = await openTiny(model(0.3), { train: { accumulate: 2 } });
      try {
        return await losses(engine, 3, { accumulate: 2 });
      } finally {
        await engine.release();
      }
    };
    assert.deepEqual(await run(), await run());
  });

  it('is in no graph but the training step', () => {
    const drawn = (program: Record<string, Tensor>): string[] =>
      compile(program, { target: 'cpu' })
        .inputs.map(({ name }) => name)
        .filter((name) => name.startsWith('random.'))
        .toSorted();
    assert.deepEqual(drawn(model(0.5).trainingStep(2)), ['random.key', 'random.step']);
    assert.deepEqual(drawn(model(0.5).evaluation(2)), []);
    assert.deepEqual(drawn(model(0).trainingStep(2)), []);
  });
});
