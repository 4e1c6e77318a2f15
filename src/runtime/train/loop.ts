/**
 * @file The training loop, without knowledge of files, devices or models: what happens in which order.
 *
 * After every step: its row, an evaluation where one is due, a checkpoint where one is due. An evaluation comes
 * before the checkpoint of the same step, so that the checkpoint knows how good it is.
 */
import type { Batch } from '../../data/define';
import type { EvalConfig, TrainConfig } from '../../models/config';
import type { StepResult, TrainingEngine } from '../engine/types';
import type { RunControl } from '../process/control';
import type { Evaluation } from './evaluate';
import { afterGoodStep, afterOverflow, type LossScaleState } from './loss-scale';
import { learningRate } from './schedule';

/** Totals since step 0, over resumes. */
export interface Totals {
  step: number;
  /** Steps whose gradients overflowed in mixed precision, and which therefore changed nothing. */
  skipped: number;
  /** Present in mixed precision. */
  lossScale?: LossScaleState;
  tokens: number;
  flops: number;
  seconds: number;
}

export interface LoopParts {
  readonly engine: Pick<TrainingEngine, 'step'>;
  readonly control: RunControl;
  /** Micro-batch number `index` from 0. */
  batch(index: number): Batch;
  readonly tokensPerStep: number;
  readonly flopsPerStep: number;
  /** Evaluations of the held-out splits; `last` at the end of the run. */
  evaluate(last: boolean): Promise<readonly Evaluation[]>;
  /** Saves the state after `totals.step` steps; `evaluation` is the validation of this very step. */
  checkpoint(totals: Readonly<Totals>, evaluation: Evaluation | undefined): Promise<string>;
  row(row: Readonly<Record<string, unknown>> & { readonly step: number }): Promise<void>;
  /** Receives the function that saves between two steps, for whoever asks from outside. */
  onSaveRequest?(save: () => Promise<string>): void;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Bytes of this process that are in memory, and the most that ever were. */
  memory(): { readonly now: number; readonly peak: number };
}

/** The first non-finite loss or gradient. The parameters are those before the failing step. */
export class NonFiniteStep extends Error {
  constructor(
    /** The step that failed, counted from 1. */
    readonly step: number,
    readonly result: StepResult,
    readonly batches: readonly Batch[],
  ) {
    super(`Step ${step}: the ${Number.isFinite(result.loss) ? 'gradient' : 'loss'} is not finite.`);
    this.name = 'NonFiniteStep';
  }
}

/** An evaluation whose loss is not finite. The parameters are those that it evaluated. */
export class NonFiniteEvaluation extends Error {
  constructor(
    /** Steps before it. */
    readonly step: number,
    readonly evaluation: Evaluation,
  ) {
    super(`Step ${step}: the ${evaluation.split} loss is not finite.`);
    this.name = 'NonFiniteEvaluation';
  }
}

const CHECKPOINT_STEPS = 500;
const CHECKPOINT_MS = 60_000;

/**
 * Trains until `train.steps` or until the control says stop; the state is saved either way.
 * @param totals where to start; kept up to date
 * @throws NonFiniteStep, NonFiniteEvaluation
 */
export async function trainingLoop(
  config: { readonly train: TrainConfig; readonly eval: EvalConfig },
  totals: Totals,
  parts: LoopParts,
): Promise<'finished' | 'stopped'> {
  const { train } = config;
  const { control } = parts;
  let began = parts.now() - 1000 * totals.seconds;
  const seconds = (): number => (parts.now() - began) / 1000;
  let saved = { step: totals.step, time: parts.now() };
  let evaluation: Evaluation | undefined;

  const save = async (): Promise<string> => {
    totals.seconds = seconds();
    const path = await parts.checkpoint(totals, evaluation);
    saved = { step: totals.step, time: parts.now() };
    await parts.row({ step: totals.step, event: 'checkpoint', path });
    return path;
  };
  const memory = (): { readonly memory: number; readonly memory_peak: number } => {
    const { now, peak } = parts.memory();
    return { memory: now, memory_peak: peak };
  };
  const due = (): boolean => {
    if (train.checkpoint_every !== undefined) return totals.step % train.checkpoint_every === 0;
    return totals.step - saved.step >= CHECKPOINT_STEPS || parts.now() - saved.time >= CHECKPOINT_MS;
  };
  parts.onSaveRequest?.(save);

  const pausing = async (paused: boolean): Promise<void> => {
    if (paused) totals.seconds = seconds();
    else began = parts.now() - 1000 * totals.seconds;
    await parts.row({ step: totals.step, event: paused ? 'pause' : 'continue' });
  };

  while (totals.step < train.steps) {
    await control.turn(pausing);
    if (control.stopping) break;
    const at = totals.step;
    const rate = (peak: number): number => learningRate(train.schedule, peak, at, train.steps);
    const lr = rate(train.optimizer.lr);
    const first = totals.step * train.accumulate;
    const batches = Array.from({ length: train.accumulate }, (_, index) => parts.batch(first + index));
    const { lossScale } = totals;
    const result = await parts.engine.step(batches, {
      step: totals.step + 1 - totals.skipped,
      rate,
      ...(lossScale && { lossScale: lossScale.value }),
    });
    // A loss that is not finite is no matter of the scale.
    const smaller =
      lossScale && !result.finite && Number.isFinite(result.loss) ? afterOverflow(lossScale) : undefined;
    if (!result.finite && !smaller) throw new NonFiniteStep(totals.step + 1, result, batches);
    totals.step++;
    if (smaller) totals.skipped++;
    if (lossScale) totals.lossScale = smaller ?? afterGoodStep(lossScale);
    totals.tokens += parts.tokensPerStep;
    totals.flops += parts.flopsPerStep;
    totals.seconds = seconds();
    const last = totals.step === train.steps;
    if (smaller) {
      const { loss } = result;
      await parts.row({ step: totals.step, event: 'overflow', loss, loss_scale: smaller.value });
    } else if (last || totals.step % train.log_every === 0) {
      await parts.row({
        step: totals.step,
        loss: result.loss,
        lr,
        grad_norm: result.gradNorm,
        tokens: totals.tokens,
        flops: totals.flops,
        seconds: totals.seconds,
        ...memory(),
      });
    }
    evaluation = undefined;
    if (last || totals.step % config.eval.every === 0) {
      const evaluations = await parts.evaluate(last);
      for (const found of evaluations) await parts.row({ step: totals.step, eval: found, ...memory() });
      const broken = evaluations.find(({ loss }) => !Number.isFinite(loss));
      if (broken) throw new NonFiniteEvaluation(totals.step, broken);
      evaluation = evaluations.find(({ split }) => split === 'validation');
    }
    if (due()) await save();
  }
  if (saved.step !== totals.step) await save();
  return totals.step === train.steps ? 'finished' : 'stopped';
}
