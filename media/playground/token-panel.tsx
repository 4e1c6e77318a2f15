/** @file One token in numbers: how likely it was, and what could have come instead. */
import type { JSX } from 'preact';
import { fixed, integer } from '../../src/figures/core/format';
import type { Token } from '../../src/protocol/playground';
import { Icon } from '../shared/icons';
import type { PlaygroundModel } from './model';
import { percentOf, surprise } from './numbers';

export function TokenPanel({ model }: { model: PlaygroundModel }): JSX.Element | null {
  const { branch, position, running } = model;
  const token = position === undefined ? undefined : branch?.tokens[position];
  if (!branch || !token || position === undefined) {
    return null;
  }
  const chosen = model.chosen.has(position);
  const share = token.alternatives.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
  return (
    <aside class="token-panel" aria-label="Token">
      <h2>
        Token {integer(position + 1)} of {integer(branch.tokens.length)}{' '}
        <span class="secondary">
          <span class="mono">“{token.label}”</span>
          {chosen ? ', your choice' : ''}
        </span>
      </h2>
      <Numbers token={token} />
      <h3>
        Alternatives{' '}
        <span class="secondary">
          the {token.alternatives.length} likeliest, together {percentOf(Math.log(share))}
        </span>
      </h3>
      <Alternatives model={model} token={token} position={position} />
      <div class="actions">
        <button
          type="button"
          class="button quiet"
          disabled={running}
          title="Draw this and the following tokens with the next seed, as a branch of their own"
          data-testid="again"
          onClick={() => model.fork(position)}
        >
          Draw again from here
        </button>
      </div>
    </aside>
  );
}

function Numbers({ token }: { token: Token }): JSX.Element {
  return (
    <dl class="keys">
      <div>
        <dt>Probability</dt>
        <dd>{percentOf(token.logprob)}</dd>
      </div>
      <div>
        <dt>Surprise, bits</dt>
        <dd>{fixed(surprise(token.logprob), 2)}</dd>
      </div>
      <div title="Of the model’s distribution over the next token">
        <dt>Entropy, bits</dt>
        <dd>{fixed(token.entropy, 2)}</dd>
      </div>
    </dl>
  );
}

/** The likeliest tokens at a place; a click goes on with one of them, as a branch of its own. */
function Alternatives({
  model,
  token,
  position,
}: {
  model: PlaygroundModel;
  token: Token;
  position: number;
}): JSX.Element {
  const listed = token.alternatives.some(({ id }) => id === token.id);
  return (
    <ul class="alternatives" aria-label="Alternatives">
      {token.alternatives.map((alternative, index) => {
        const drawn = alternative.id === token.id;
        return (
          <li key={index}>
            <button
              type="button"
              class={['alternative', drawn ? 'drawn' : '', index === model.choice ? 'choice' : ''].join(' ')}
              disabled={model.running}
              aria-current={drawn}
              title={
                drawn
                  ? 'This is the token of this branch'
                  : `Go on from here with “${alternative.label}” (Enter)`
              }
              onClick={() => model.fork(position, alternative)}
            >
              <span class="menu-check">{drawn && <Icon name="check" label="in the text" />}</span>
              <span class="sign mono">{alternative.label === '' ? '∅' : alternative.label}</span>
              <span class="share" aria-hidden="true">
                <i style={{ width: `${(Math.exp(alternative.logprob) * 100).toFixed(2)}%` }} />
              </span>
              <span class="value">{percentOf(alternative.logprob)}</span>
            </button>
          </li>
        );
      })}
      {!listed && (
        <li class="below secondary">
          <span class="mono">{token.label}</span> is number {integer(token.rank)} of all
        </li>
      )}
    </ul>
  );
}
