/** @file Losses and metrics: what the outputs of a model are worth, per example. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import { IGNORED } from '../util/ignored';

/** Per example, so that held-out sets of any size can be added up. */
export interface Scores {
  /** Mean over all targets of the batch: what training lowers. */
  readonly loss: Tensor;
  /** (batch): mean loss per target. */
  readonly losses: Tensor;
  /** Further numbers (batch): `correct`, right targets; or `mse` and `mae`, mean errors. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/** Loss in nats per target (batch · n), from logits (batch, n, rows) and targets (batch, n). */
export function tokenLosses(logits: Tensor, targets: Tensor): Tensor {
  const [batch, n, rows] = logits.shape as [number, number, number];
  return g.crossEntropy(g.reshape(logits, [batch * n, rows]), g.reshape(targets, [batch * n]));
}

const hits = (logits: Tensor, targets: Tensor): Tensor => {
  const [batch, n] = logits.shape as [number, number];
  return g.cast(g.equal(g.argmax(logits, 2), g.reshape(targets, [batch, n])), 'float32');
};

/** Cross entropy and right answers, from logits (batch, n, rows) and targets (batch, n). */
export function scoreTokens(logits: Tensor, targets: Tensor): Scores {
  return g.scope('loss', () => {
    const [batch, n] = logits.shape as [number, number];
    const perTarget = tokenLosses(logits, targets);
    return {
      loss: g.mean(perTarget),
      losses: g.mean(g.reshape(perTarget, [batch, n]), [1]),
      metrics: { correct: g.sum(hits(logits, targets), [1]) },
    };
  });
}

/** The same where targets may be `IGNORED`: every target that counts weighs the same. */
export function scoreMarked(logits: Tensor, targets: Tensor): Scores {
  return g.scope('loss', () => {
    const [batch, n] = logits.shape as [number, number];
    const counted = g.sub(1, g.cast(g.equal(targets, IGNORED), 'float32'));
    // Any id will do where the loss is multiplied by 0.
    const ids = g.cast(g.mul(g.cast(targets, 'float32'), counted), 'int32');
    const each = g.mul(g.reshape(tokenLosses(logits, ids), [batch, n]), counted);
    return {
      loss: g.div(g.sum(each), g.maximum(g.sum(counted), 1)),
      losses: g.div(g.sum(each, [1]), g.maximum(g.sum(counted, [1]), 1)),
      metrics: { correct: g.sum(g.mul(hits(logits, targets), counted), [1]) },
    };
  });
}

/** Squared and absolute errors, from outputs and targets (batch, n, features). */
export function scoreValues(outputs: Tensor, targets: Tensor, loss: 'mse' | 'mae'): Scores {
  return g.scope('loss', () => {
    const error = g.sub(outputs, targets);
    const metrics = { mse: g.mean(g.square(error), [1, 2]), mae: g.mean(g.abs(error), [1, 2]) };
    return { loss: g.mean(metrics[loss]), losses: metrics[loss], metrics };
  });
}
