/** @file The tokens of a branch as a table. */
import type { JSX } from 'preact';
import { fixed, integer } from '../../src/figures/core/format';
import type { PlaygroundModel } from './model';
import { percentOf, surprise } from './numbers';

/** Rows that are shown; the files have all. */
const ROWS = 1000;

export function TokenTable({ model }: { model: PlaygroundModel }): JSX.Element {
  const { branch } = model;
  if (!branch || branch.tokens.length === 0) return <p class="note">There are no tokens yet.</p>;
  const { tokens } = branch;
  return (
    <div class="table">
      <div class="data-scroll" tabIndex={0} role="region" aria-label={`Tokens of branch ${branch.id}`}>
        <table class="data" data-testid="data-table">
          <thead>
            <tr>
              <th scope="col">token</th>
              <th scope="col">sign</th>
              <th scope="col">id</th>
              <th scope="col">probability</th>
              <th scope="col">surprise, bits</th>
              <th scope="col">rank</th>
              <th scope="col">entropy, bits</th>
              <th scope="col" class="words">
                likeliest
              </th>
            </tr>
          </thead>
          <tbody>
            {tokens.slice(0, ROWS).map((token, index) => (
              <tr key={index}>
                <th scope="row">{integer(index + 1)}</th>
                <td>{token.label}</td>
                <td>{token.id}</td>
                <td data-value={Math.exp(token.logprob)}>{percentOf(token.logprob)}</td>
                <td data-value={surprise(token.logprob)}>{fixed(surprise(token.logprob), 2)}</td>
                <td>{integer(token.rank)}</td>
                <td>{fixed(token.entropy, 2)}</td>
                <td class="words">
                  {token.alternatives
                    .slice(0, 4)
                    .map(({ label, logprob }) => `${label} ${percentOf(logprob)}`)
                    .join('  ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {tokens.length > ROWS && (
        <p class="secondary">
          {integer(ROWS)} of {integer(tokens.length)} tokens; Save tokens as CSV has all.
        </p>
      )}
    </div>
  );
}
