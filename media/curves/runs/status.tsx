/** @file Small parts that the run table and the run list share. */
import type { JSX } from 'preact';
import { integer, number3 } from '../../../src/figures/core/format';
import { useSource } from '../../shared/hooks';
import { Icon } from '../../shared/icons';
import type { GroupFacts } from './facts';
import type { CurvesModel } from '../model';

/** "loss @620": the head of the column of values at the cursor. */
export function CursorHead({ model }: { model: CurvesModel }): JSX.Element {
  useSource(model.cursor);
  const at = model.state.pinned ?? model.cursor.at;
  if (at === undefined) return <>loss</>;
  return <>{`loss @${model.state.axis === 'step' ? integer(at) : number3(at)}`}</>;
}

export function Status({ facts }: { facts: GroupFacts }): JSX.Element {
  const { group, step, steps } = facts;
  const count = steps === undefined ? integer(step) : `${integer(step)} / ${integer(steps)}`;
  const worst = (['failed', 'interrupted', 'running', 'stopped', 'finished'] as const).find((status) =>
    group.runs.some((run) => run.status === status),
  );
  switch (worst) {
    case 'running':
      return (
        <span class="status">
          <Icon name="sync" label="live" />
          {step > 0 ? count : (group.runs.find((run) => run.phase)?.phase ?? 'starting')}
        </span>
      );
    case 'failed':
      return (
        <span class="status is-error">
          <Icon name="error" />
          <span class="word">{`failed at ${integer(step)}`}</span>
        </span>
      );
    case 'interrupted':
      return (
        <span class="status is-warning">
          <Icon name="warning" />
          <span class="word">{`interrupted ${count}`}</span>
        </span>
      );
    case 'stopped':
      return <span class="status">{`stopped ${count}`}</span>;
    default:
      return <span class="status">finished</span>;
  }
}
