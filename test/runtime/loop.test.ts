import assert from 'node:assert/strict';
import type { Batch } from '../../src/data/define';
import { evalSchema, trainSchema } from '../../src/models/config';
import { RunControl } from '../../src/runtime/process/control';
import type { Evaluation } from '../../src/runtime/train/evaluate';
import {
  NonFiniteEvaluation,
  NonFiniteStep,
  trainingLoop,
  type LoopParts,
  type Totals,
} from '../../src/runtime/train/loop';
import { learningRate } from '../../src/runtime/train/schedule';

interface Recorded {
  readonly rows: Record<string, unknown>[];
  readonly drawn: number[];
  readonly parts: LoopParts;
}

/** A loop whose engine's loss is a function of the step, on a clock that goes on by `stepMs` per step. */
function record(
  options: {
    loss?: (step: number) => number;
    norm?: (step: number, lossScale: number) => number;
    stepMs?: number;
    onStep?: (step: number) => void;
  } = {},
): Recorded {
  const rows: Record<string, unknown>[] = [];
  const drawn: number[] = [];
  let time = 0;
  const parts: LoopParts = {
    engine: {
      step: async (_batches, { step, lossScale }) => {
        time += options.stepMs ?? 1;
        options.onStep?.(step);
        const loss = options.loss?.(step) ?? 1 / step;
        const gradNorm = options.norm?.(step, lossScale ?? 1) ?? 1;
        return { loss, gradNorm, finite: Number.isFinite(loss) && Number.isFinite(gradNorm) };
      },
    },
    control: new RunControl(),
    batch: (index) => {
      drawn.push(index);
      return { inputs: Int32Array.of(index), targets: Int32Array.of(0), size: 1 } satisfies Batch;
    },
    tokensPerStep: 10,
    flopsPerStep: 100,
    evaluate: async (last) => {
      const validation: Evaluation = { split: 'validation', loss: 2, accuracy: 0.5, examples: 4 };
      return last ? [validation, { ...validation, split: 'test' }] : [validation];
    },
    checkpoint: async ({ step }) => `step-${step}`,
    row: async (row) => void rows.push(row),
    now: () => time,
    memory: () => ({ now: 1e8, peak: 2e8 }),
  };
  return { rows, drawn, parts };
}
const start = (step = 0): Totals => ({ step, skipped: 0, tokens: 10 * step, flops: 100 * step, seconds: 0 });
const config = (train: object, evaluation: object = {}) => ({
  train: trainSchema.parse(train),
  eval: evalSchema.parse(evaluation),
});
const kinds = (rows: Record<string, unknown>[]): string[] =>
  rows.map((row) => `${row['step']}:${'event' in row ? row['event'] : 'eval' in row ? 'eval' : 'loss'}`);

describe('the training loop', () => {
  it('writes step, evaluation and checkpoint rows in that order', async () => {
    const { rows, parts } = record();
    const end = await trainingLoop(config({ steps: 4, checkpoint_every: 2 }, { every: 2 }), start(), parts);
    assert.equal(end, 'finished');
    assert.deepEqual(kinds(rows), [
      '1:loss',
      '2:loss',
      '2:eval',
      '2:checkpoint',
      '3:loss',
      '4:loss',
      '4:eval',
      '4:eval',
      '4:checkpoint',
    ]);
    assert.deepEqual(rows[4], {
      step: 3,
      loss: 1 / 3,
      lr: 1e-3,
      grad_norm: 1,
      tokens: 30,
      flops: 300,
      seconds: 0.003,
      memory: 1e8,
      memory_peak: 2e8,
    });
    // The last evaluation has no row of a step behind it.
    const { memory, memory_peak } = rows[7]!;
    assert.deepEqual([memory, memory_peak], [1e8, 2e8]);
  });

  it('draws the same micro-batches after a resume', async () => {
    const whole = record();
    await trainingLoop(config({ steps: 6, accumulate: 2 }), start(), whole.parts);
    assert.deepEqual(whole.drawn, [...Array(12).keys()]);
    const rest = record();
    await trainingLoop(config({ steps: 6, accumulate: 2 }), start(4), rest.parts);
    assert.deepEqual(rest.drawn, [8, 9, 10, 11]);
  });

  it('finishes the step, saves and ends when it is told to stop', async () => {
    const recorded = record({ onStep: (step) => step === 3 && recorded.parts.control.stop() });
    assert.equal(await trainingLoop(config({ steps: 100 }), start(), recorded.parts), 'stopped');
    assert.deepEqual(kinds(recorded.rows).slice(-2), ['3:loss', '3:checkpoint']);
  });

  it('does not save twice what is already on disk', async () => {
    const { rows, parts } = record();
    await trainingLoop(config({ steps: 4, checkpoint_every: 4 }), start(), parts);
    assert.equal(rows.filter(({ event }) => event === 'checkpoint').length, 1);
  });

  it('saves after 500 steps or 60 s, whichever comes first', async () => {
    for (const [stepMs, expected] of [
      [1, [500, 1000, 1100]],
      [300, [200, 400, 600, 800, 1000, 1100]],
    ] as const) {
      const { rows, parts } = record({ stepMs });
      await trainingLoop(config({ steps: 1100 }), start(), parts);
      assert.deepEqual(
        rows.filter(({ event }) => event === 'checkpoint').map(({ step }) => step),
        expected,
      );
    }
  });

  it('stops at the first value that is not finite, naming the step', async () => {
    const { rows, parts } = record({ loss: (step) => (step === 5 ? Number.NaN : 1) });
    await assert.rejects(trainingLoop(config({ steps: 9 }), start(), parts), (error) => {
      assert.ok(error instanceof NonFiniteStep);
      assert.equal(error.step, 5);
      return true;
    });
    assert.deepEqual(kinds(rows), ['1:loss', '2:loss', '3:loss', '4:loss']);
  });

  it('stops at an evaluation that is not finite, behind its row', async () => {
    const { rows, parts } = record();
    const evaluate: LoopParts['evaluate'] = async (last) => {
      const found = await parts.evaluate(last);
      return rows.length < 3 ? found : found.map((evaluation) => ({ ...evaluation, loss: Number.NaN }));
    };
    await assert.rejects(
      trainingLoop(config({ steps: 9, checkpoint_every: 2 }, { every: 2 }), start(), { ...parts, evaluate }),
      (error) => error instanceof NonFiniteEvaluation && error.step === 4,
    );
    assert.deepEqual(kinds(rows).slice(-2), ['4:loss', '4:eval'], 'no checkpoint in the way of a good one');
  });

  it('skips a step that overflows in half precision, says so, and halves the scale of the loss', async () => {
    const updates: number[] = [];
    const { rows, parts } = record({
      norm: (_step, scale) => (scale > 16384 ? Infinity : 1),
      onStep: (step) => updates.push(step),
    });
    const totals: Totals = { ...start(), lossScale: { value: 65536, since: 5 } };
    await trainingLoop(config({ steps: 5, checkpoint_every: 9 }, { every: 9 }), totals, parts);
    assert.deepEqual(kinds(rows).slice(0, 5), ['1:overflow', '2:overflow', '3:loss', '4:loss', '5:loss']);
    assert.deepEqual(rows[1], { step: 2, event: 'overflow', loss: 1, loss_scale: 16384 });
    // What was skipped is no update: the bias corrections of Adam do not count it.
    assert.deepEqual(updates, [1, 1, 1, 2, 3]);
    assert.deepEqual([totals.skipped, totals.lossScale], [2, { value: 16384, since: 3 }]);
  });

  it('grows the scale of the loss after 2000 good steps', async () => {
    const { parts } = record();
    const totals: Totals = { ...start(), lossScale: { value: 1024, since: 1995 } };
    await trainingLoop(config({ steps: 7, checkpoint_every: 9 }, { every: 9 }), totals, parts);
    assert.deepEqual(totals.lossScale, { value: 2048, since: 2 });
  });

  it('stops at an overflow that no scale avoids', async () => {
    for (const part of [{ norm: () => Infinity }, { loss: () => Number.NaN }]) {
      const { parts } = record(part);
      const totals: Totals = { ...start(), lossScale: { value: 4, since: 0 } };
      await assert.rejects(trainingLoop(config({ steps: 9 }), totals, parts), NonFiniteStep);
      assert.equal(totals.step, 'norm' in part ? 2 : 0);
    }
  });

  it('logs every log_every steps and the last', async () => {
    const { rows, parts } = record();
    await trainingLoop(config({ steps: 7, log_every: 3 }), start(), parts);
    assert.deepEqual(
      rows.filter((row) => 'loss' in row).map(({ step }) => step),
      [3, 6, 7],
    );
  });
});

describe('the learning rate', () => {
  const rates = (schedule: object, steps: number): number[] =>
    Array.from({ length: steps }, (_, step) =>
      learningRate({ name: 'constant', warmup: 0, min_lr: 0, ...schedule }, 2, step, steps),
    );
  it('warms up as lr·(s+1)/W', () => {
    assert.deepEqual(rates({ warmup: 4 }, 6), [0.5, 1, 1.5, 2, 2, 2]);
  });
  it('follows half a cosine or a line from lr towards min_lr', () => {
    assert.deepEqual(rates({ name: 'linear', min_lr: 1 }, 4), [2, 1.75, 1.5, 1.25]);
    const cosine = rates({ name: 'cosine', warmup: 2 }, 10);
    cosine.slice(2).forEach((rate, step) => assert.equal(rate, 1 + Math.cos((Math.PI * step) / 8)));
  });
});
