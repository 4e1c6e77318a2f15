/** @file A run that stops at a number that is not finite: what it keeps, the row it writes and what it tells. */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { Batch, Dataset } from '../../data/define';
import type { Model } from '../../models';
import type { RunConfig } from '../../models/config';
import type { TrainingEngine } from '../engine/types';
import { buildingOf } from './engine';
import { padBatch, type Evaluation } from './evaluate';
import { NonFiniteEvaluation, NonFiniteStep } from './loop';
import {
  findNonFinite,
  findNonFiniteEvaluation,
  largestParameter,
  NonFiniteState,
  nonFiniteMessage,
  type Culprit,
} from './nonfinite';
import { learningRate } from './schedule';

export interface FailingRun {
  readonly config: RunConfig;
  readonly data: Dataset;
  readonly model: Model;
  readonly engine: TrainingEngine;
  /** The run folder. */
  readonly dir: string;
  /** Path of the newest checkpoint. */
  lastCheckpoint(): string | undefined;
  /** Saves the state as it is; fails where that is not finite. */
  save(): Promise<unknown>;
  row(row: Readonly<Record<string, unknown>> & { readonly step: number }): Promise<void>;
}

type NonFinite = NonFiniteStep | NonFiniteEvaluation | NonFiniteState;

/** Turns an error of the guard into one that a person can act on; leaves others as they are. */
export async function explainNonFinite(error: unknown, run: FailingRun): Promise<unknown> {
  if (
    !(error instanceof NonFiniteStep) &&
    !(error instanceof NonFiniteEvaluation) &&
    !(error instanceof NonFiniteState)
  ) {
    return error;
  }
  const { train } = run.config;
  const lr = learningRate(train.schedule, train.optimizer.lr, error.step - 1, train.steps);
  const culprit = await culpritOf(error, run);
  const message = nonFiniteMessage(
    { step: error.step, lr, what: whatOf(error) },
    culprit,
    await keep(error, run),
    train,
  );
  const { tensor, scope } = culprit;
  await run
    .row({ step: error.step, event: 'non-finite', ...numbersOf(error), tensor, scope, message })
    .catch(() => {});
  return new Error(message, { cause: error });
}

async function culpritOf(error: NonFinite, { config, data, model, engine }: FailingRun): Promise<Culprit> {
  const { parameters } = await engine.read();
  if (error instanceof NonFiniteState) {
    return { scope: '', tensor: error.tensor, largest: largestParameter(parameters) };
  }
  if (error instanceof NonFiniteStep) {
    return findNonFinite(model, parameters, error.batches, engine.threads, buildingOf(config.train));
  }
  const size = Math.min(config.train.batch_size, config.eval.examples);
  const batches = evaluated(data, error.evaluation, size);
  return findNonFiniteEvaluation(model, parameters, batches, size, engine.threads);
}

/** The examples of an evaluation again, `size` at a time. */
function* evaluated(data: Dataset, { split, examples }: Evaluation, size: number): Generator<Batch> {
  for (let start = 0; start < examples; start += size) {
    yield padBatch(data.heldOut(split, start, Math.min(size, examples - start)), size);
  }
}

function whatOf(error: NonFinite): string {
  if (error instanceof NonFiniteState) return 'state';
  if (error instanceof NonFiniteEvaluation) return `${error.evaluation.split} loss`;
  return Number.isFinite(error.result.loss) ? 'gradient' : 'loss';
}

function numbersOf(error: NonFinite): { readonly loss?: number; readonly grad_norm?: number } {
  if (error instanceof NonFiniteState) return {};
  if (error instanceof NonFiniteEvaluation) return { loss: error.evaluation.loss };
  return { loss: error.result.loss, grad_norm: error.result.gradNorm };
}

/** Saves what there is, unless it is broken itself. Returns what is kept, in a sentence. */
async function keep(error: NonFinite, run: FailingRun): Promise<string> {
  const before = run.lastCheckpoint();
  if (!(error instanceof NonFiniteState)) await run.save().catch(() => {});
  const named = (path: string): string => relative(run.dir, path).replaceAll('\\', '/');
  const last = run.lastCheckpoint();
  if (last === undefined) return 'No checkpoint had been written yet.';
  if (!(error instanceof NonFiniteEvaluation) || last === before) {
    return `The last good state is ${named(last)}.`;
  }
  const good = before !== undefined && existsSync(before) ? `, an earlier one in ${named(before)}` : '';
  return `The state that was evaluated is kept in ${named(last)}${good}.`;
}
