/** @file The Playground panel: prompt and settings, the text in the colour of its surprise, one token in numbers. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { useSource, useWidth } from '../shared/hooks';
import { LinkButton } from '../shared/controls';
import { Icon } from '../shared/icons';
import { BranchList } from './branch-list';
import { TokenTable } from './token-table';
import { Header, FactsLine } from './header';
import type { PlaygroundModel } from './model';
import { PromptForm } from './prompt-form';
import { TextView } from './text-view';
import { TokenPanel } from './token-panel';

function useKeys(model: PlaygroundModel): void {
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.altKey || target.matches('[role^=menuitem]')) return;
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        model.generate();
        event.preventDefault();
      } else if (!target.matches('input, select, textarea') && handleKey(event, model, target))
        event.preventDefault();
    };
    document.addEventListener('keydown', key);
    return () => document.removeEventListener('keydown', key);
  }, [model]);
}

function handleKey(event: KeyboardEvent, model: PlaygroundModel, target: HTMLElement): boolean {
  if (event.ctrlKey || event.metaKey) return false;
  const { selected } = model;
  const inText = target.matches('.tokens, .alternatives');
  const move = (to: number): boolean => {
    if (!inText || selected === undefined) return false;
    model.moveTo(to);
    return true;
  };
  switch (event.key) {
    case 'ArrowLeft':
      return move(selected! - (event.shiftKey ? 10 : 1));
    case 'ArrowRight':
      return move(selected! + (event.shiftKey ? 10 : 1));
    case 'Home':
      return move(0);
    case 'End':
      return move(Infinity);
    case 'ArrowUp':
    case 'ArrowDown':
      if (!inText || selected === undefined) return false;
      model.moveChoice(event.key === 'ArrowUp' ? -1 : 1);
      return true;
    case 'Enter': {
      if (!inText || selected === undefined) return false;
      const alternative = model.branch!.tokens[selected]!.alternatives[model.choice];
      if (alternative) model.fork(selected, alternative);
      return true;
    }
    case '[':
    case ']':
      model.moveBranch(event.key === '[' ? -1 : 1);
      return true;
    case 't':
    case 'T':
      model.patch({ table: !model.state.table });
      return true;
    case 'Escape':
      if (model.running) model.stop();
      else document.querySelector<HTMLElement>('.prompt textarea')?.focus();
      return true;
    default:
      return false;
  }
}

function Failure({ model }: { model: PlaygroundModel }): JSX.Element | null {
  const { failure } = model;
  if (!failure) return null;
  return (
    <div class="message error" role="alert">
      <Icon name="error" />
      <div>
        <strong>{failure.whole ? 'The model is not open.' : 'Nothing was generated.'}</strong>{' '}
        {failure.message}{' '}
        {failure.whole && (
          <>
            <LinkButton onClick={() => model.send({ type: 'command', command: 'reopen' })}>
              Try again
            </LinkButton>
            {' · '}
          </>
        )}
        <LinkButton onClick={() => model.send({ type: 'command', command: 'log' })}>Show log</LinkButton>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label="Dismiss"
        title="Dismiss"
        onClick={() => {
          model.failure = undefined;
          model.notify();
        }}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

export function App({ model }: { model: PlaygroundModel }): JSX.Element {
  useSource(model);
  useKeys(model);
  const [root, width] = useWidth<HTMLDivElement>();
  const { state, branch, facts } = model;
  const narrow = width < 700;
  const size = width === 0 ? '' : narrow ? 'narrow' : width >= 900 ? 'wide' : 'medium';
  const attributes = {
    'data-testid': 'playground',
    'data-ready': String(facts !== undefined),
    'data-running': String(model.running),
    'data-branches': String(model.branches.length),
    'data-branch': String(branch?.id ?? ''),
    'data-tokens': String(branch?.tokens.length ?? 0),
    'data-position': String(model.selected ?? ''),
    'data-finish': branch?.finish ?? '',
  };
  const waiting = facts === undefined && model.failure === undefined;
  return (
    <main class={`playground ${size}`} ref={root} {...attributes}>
      <h1 class="sr-only">Playground</h1>
      <Header model={model} narrow={narrow} />
      {(waiting || (model.running && model.beginning === undefined)) && (
        <div
          class="progress"
          role="progressbar"
          aria-label={waiting ? 'Opening the model' : 'Reading the prompt'}
        />
      )}
      <Failure model={model} />
      <FactsLine model={model} />
      <PromptForm model={model} />
      {state.table ? (
        <TokenTable model={model} />
      ) : (
        <div class="views">
          <TextView model={model} />
          <TokenPanel model={model} />
          {model.branches.length > 0 && <BranchList model={model} />}
        </div>
      )}
    </main>
  );
}
