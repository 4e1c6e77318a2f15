/** @file Lines above a picture that stays: what could not be had, and that its run is gone. */
import type { ComponentChildren, JSX } from 'preact';
import { LinkButton } from '../shared/controls';
import { Icon } from '../shared/icons';
import type { ScanModel } from './model';
import { nameOf } from './waiting';

export function Messages({ model }: { model: ScanModel }): JSX.Element | null {
  const { failure, inspection, missed, present } = model;
  if (!inspection) return null;
  if (!present)
    return (
      <Line
        kind="warning"
        title={`${model.name} was deleted.`}
        text={`What was read of it stays here${missed ? `; ${nameOf(missed)} was not` : ''}.`}
      >
        <LinkButton onClick={() => model.send({ type: 'command', command: 'other' })}>
          Show another run…
        </LinkButton>
      </Line>
    );
  if (model.waiting.cancelled && failure === undefined)
    return (
      <Line
        kind="warning"
        title={missed ? `${capital(nameOf(missed))} was cancelled.` : 'Cancelled.'}
        text={missed ? 'What is shown is what was there before' : 'What is missing was not computed'}
      >
        <LinkButton onClick={() => model.retry()}>Try again</LinkButton>
      </Line>
    );
  if (failure === undefined) return null;
  return (
    <Line
      kind="error"
      title={missed ? `${capital(nameOf(missed))} cannot be inspected.` : 'This cannot be computed.'}
      text={failure}
    >
      <LinkButton onClick={() => model.retry()}>Try again</LinkButton>
      {' · '}
      <LinkButton onClick={() => model.send({ type: 'command', command: 'log' })}>Show log</LinkButton>
    </Line>
  );
}

function Line({
  kind,
  title,
  text,
  children,
}: {
  kind: 'warning' | 'error';
  title: string;
  text: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div class={`message ${kind}`} role="alert">
      <Icon name={kind} />
      <span>
        <strong>{title}</strong>
        {` ${/[.…]$/.test(text) ? text : `${text}.`} `}
        {children}
      </span>
    </div>
  );
}

/** A name such as `layers.1` stays as it is written. */
const capital = (text: string): string =>
  text.startsWith('layers.') ? text : text.charAt(0).toUpperCase() + text.slice(1);
