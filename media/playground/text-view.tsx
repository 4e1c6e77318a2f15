/** @file The text of a branch, a mark for every token: ink for surprise, dots below what was not the likeliest. */
import { Component, type JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Finish, Token } from '../../src/protocol/playground';
import { FULL_BITS, inkClass } from './ink';
import type { PlaygroundModel } from './model';
import { surprise } from './numbers';

/** Tokens that are drawn anew together. */
const CHUNK = 64;

/** What a token shows: its text with line breaks marked, or its sign where it has no text of its own. */
function shown({ text, label }: Token): JSX.Element | string {
  if (/^\uFFFD*$/.test(text)) return <small>{label}</small>;
  if (!text.includes('\n')) return text;
  return text.replaceAll('\n', '↵\n');
}

interface ChunkProps {
  readonly tokens: readonly Token[];
  readonly from: number;
  /** Last token of the chunk, behind which nothing comes. */
  readonly to: number;
  readonly selected: number | undefined;
  readonly hovered: number | undefined;
  readonly chosen: ReadonlySet<number>;
}

const within = (index: number | undefined, { from, to }: ChunkProps): number | undefined =>
  index !== undefined && index >= from && index < to ? index : undefined;

class Chunk extends Component<ChunkProps> {
  override shouldComponentUpdate(next: ChunkProps): boolean {
    const old = this.props;
    if (old.to !== next.to || old.from !== next.from) return true;
    if (within(old.selected, old) !== within(next.selected, next)) return true;
    if (within(old.hovered, old) !== within(next.hovered, next)) return true;
    for (let i = next.from; i < next.to; i++) {
      if (old.tokens[i] !== next.tokens[i] || old.chosen.has(i) !== next.chosen.has(i)) return true;
    }
    return false;
  }

  override render(): JSX.Element {
    const { tokens, from, to, selected, hovered, chosen } = this.props;
    return (
      <span role="none">
        {tokens.slice(from, to).map((token, k) => {
          const index = from + k;
          const names = [
            'token',
            inkClass(surprise(token.logprob)),
            token.rank > 1 && !chosen.has(index) ? 'unlikely' : '',
            chosen.has(index) ? 'chosen' : '',
            index === selected ? 'selected' : '',
            index === hovered ? 'hovered' : '',
          ];
          return (
            <span
              key={index}
              id={`token-${index}`}
              role="option"
              aria-selected={index === selected}
              aria-label={token.text.trim() === '' ? token.label : undefined}
              data-index={index}
              class={names.filter((name) => name !== '').join(' ')}
            >
              {shown(token)}
            </span>
          );
        })}
      </span>
    );
  }
}

const endings: Record<Finish, string> = {
  length: '',
  end: 'The model ended the text.',
  stop: 'Ended at a stop text.',
  constraint: 'The constraint is met; nothing more fits.',
  stopped: 'Stopped.',
};

export function TextView({ model }: { model: PlaygroundModel }): JSX.Element {
  const { branch, state, facts } = model;
  const list = useRef<HTMLDivElement>(null);
  const { selected } = model;
  useEffect(() => {
    if (document.activeElement !== list.current) return;
    document.getElementById(`token-${selected}`)?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  if (!branch) {
    return (
      <div class="empty">
        <h2>No text yet</h2>
        <p>
          {facts?.prompt === 'signs'
            ? 'This vocabulary has no text form. Write its signs with spaces between them as the prompt, and Generate continues them.'
            : 'Write the beginning of a text and press Generate. Every token keeps its alternatives: choose one, and another text goes on from there.'}
        </p>
      </div>
    );
  }
  const { tokens } = branch;
  const at = (event: Event): number | undefined => {
    const index = (event.target as HTMLElement).closest<HTMLElement>('.token')?.dataset['index'];
    return index === undefined ? undefined : Number(index);
  };
  const chunks = Array.from({ length: Math.ceil(tokens.length / CHUNK) }, (_, k) => k * CHUNK);
  const ending = model.state.running?.branch === branch.id ? '' : branch.finish ? endings[branch.finish] : '';
  return (
    <section class="text" aria-label={`Text of branch ${branch.id}`}>
      <div class={state.coloured ? 'inked page' : 'page'}>
        <span class="given">{branch.prompt}</span>
        {facts?.prompt === 'signs' ? ' ' : ''}
        <div
          ref={list}
          class="tokens"
          role="listbox"
          tabIndex={0}
          aria-label="Tokens after the prompt"
          aria-describedby="tokens-help"
          aria-activedescendant={selected === undefined ? undefined : `token-${selected}`}
          onPointerOver={(event) => model.point(at(event))}
          onPointerLeave={() => model.point(undefined)}
          onClick={(event) => {
            const index = at(event);
            if (index !== undefined) model.moveTo(index);
          }}
        >
          {chunks.map((from) => (
            <Chunk
              key={from}
              tokens={tokens}
              from={from}
              to={Math.min(tokens.length, from + CHUNK)}
              selected={selected}
              hovered={model.hovered}
              chosen={model.chosen}
            />
          ))}
          {model.running && state.running?.branch === branch.id && <span class="caret" aria-hidden="true" />}
        </div>
      </div>
      <p id="tokens-help" class="sr-only">
        Left and right arrows move between tokens, up and down between alternatives, Enter goes on with the
        alternative.
      </p>
      <div class="legend">
        {state.coloured && <Scale />}
        <span class="secondary">dotted: not the likeliest · framed: your choice</span>
        <span class="spring" />
        <span class="secondary">{ending}</span>
        {!model.running && tokens.length > 0 && branch.finish !== 'end' && (
          <button type="button" class="link" data-testid="go-on" onClick={() => model.goOn()}>
            Go on
          </button>
        )}
      </div>
    </section>
  );
}

function Scale(): JSX.Element {
  const steps = Array.from({ length: 24 }, (_, k) => (k / 23) * FULL_BITS);
  return (
    <span class="scale" role="img" aria-label="Ink: none at a probability of 1, full at 0.001 and below">
      <span aria-hidden="true">p = 1</span>
      <span class="ramp" aria-hidden="true">
        {steps.map((bits) => (
          <i key={bits} class={inkClass(bits)} />
        ))}
      </span>
      <span aria-hidden="true">0.001</span>
    </span>
  );
}
