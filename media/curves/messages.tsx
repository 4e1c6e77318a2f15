/** @file What is said instead of, or above, the charts: no runs, a failed run, a lost process. */
import type { JSX } from 'preact';
import type { RunMeta } from '../../src/protocol/view-curves';
import { integer } from '../../src/figures/core/format';
import { IconButton, LinkButton } from '../shared/controls';
import { Icon } from '../shared/icons';
import type { CurvesModel } from './model';

export function Empty({ model }: { model: CurvesModel }): JSX.Element {
  const { trainable } = model;
  return (
    <div class="note">
      <h2>No runs yet</h2>
      <p>Train a config, and its curves appear here while it learns.</p>
      <div class="actions">
        {trainable && (
          <button
            type="button"
            class="button"
            onClick={() => model.send({ type: 'command', command: 'train' })}
          >
            {`Train ${trainable}`}
          </button>
        )}
        <button
          type="button"
          class="button quiet"
          onClick={() => model.send({ type: 'command', command: 'open-folder' })}
        >
          Open a run folder
        </button>
      </div>
      <p>
        {'or '}
        <LinkButton onClick={() => model.send({ type: 'command', command: 'template' })}>
          start from a template
        </LinkButton>
      </p>
    </div>
  );
}

function RunMessage({ model, run }: { model: CurvesModel; run: RunMeta }): JSX.Element {
  const data = model.dataOf(run.id);
  const step = data.lastStep;
  const failed = run.status === 'failed';
  const saved = run.checkpoints.at(-1);
  const group = model.groups.find((entry) => entry.key === run.group);
  const twin = group?.runs.some((other) => other !== run && other.seed === run.seed);
  const name = twin
    ? run.name
    : group && group.runs.length > 1
      ? `${group.name} · seed ${String(run.seed)}`
      : (group?.name ?? run.name);
  const where = step === undefined ? 'before its first step' : `at step ${integer(step)}`;
  const what = failed
    ? (run.error ?? 'It said no reason.')
    : 'The training process ended without saying why.';
  return (
    <div class={failed ? 'message error' : 'message warning'} role="alert">
      <Icon name={failed ? 'error' : 'warning'} />
      <span>
        <strong>{failed ? `${name} stopped ${where}.` : `${name} was interrupted ${where}.`}</strong>
        {` ${what.endsWith('.') ? what : `${what}.`} `}
        {saved !== undefined && `Everything up to step ${integer(saved)} is saved. `}
        {saved !== undefined && (
          <>
            <LinkButton
              onClick={() => model.send({ type: 'run-command', command: 'resume', run: run.id })}
            >{`Resume from step ${integer(saved)}`}</LinkButton>
            {' · '}
            <LinkButton onClick={() => model.send({ type: 'run-command', command: 'inspect', run: run.id })}>
              Inspect scan
            </LinkButton>
            {' · '}
          </>
        )}
        <LinkButton onClick={() => model.send({ type: 'command', command: 'log' })}>Show log</LinkButton>
      </span>
      <IconButton
        icon="close"
        label="Dismiss"
        onClick={() => {
          model.dismissed.add(`${run.id} ${run.status} ${run.ended ?? ''}`);
          model.notify();
        }}
      />
    </div>
  );
}

/** At most two messages; more failures are in the table. */
export function Messages({ model }: { model: CurvesModel }): JSX.Element {
  const shown = new Set(model.visible().flatMap((group) => group.runs.map((run) => run.id)));
  const troubled = model.runs.filter(
    (run) =>
      shown.has(run.id) &&
      (run.status === 'failed' || run.status === 'interrupted') &&
      !model.dismissed.has(`${run.id} ${run.status} ${run.ended ?? ''}`),
  );
  return (
    <>
      {troubled.slice(0, 2).map((run) => (
        <RunMessage key={run.id} model={model} run={run} />
      ))}
    </>
  );
}

/** The words over the empty axes of a run that has no value yet. */
export function waitingText(model: CurvesModel): string | undefined {
  const visible = model.visible();
  if (!model.loaded || visible.length === 0) return undefined;
  if (visible.some((group) => group.runs.some((run) => model.dataOf(run.id).lastStep !== undefined)))
    return undefined;
  const live = visible.find((group) => group.live);
  if (!live) return model.pending > 0 ? undefined : 'No values were logged.';
  const phase = live.runs.find((run) => run.phase)?.phase ?? 'starting';
  return `${live.name} is ${phase}. The first value comes with the first step.`;
}
