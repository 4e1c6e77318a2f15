/** @file Branches as a tree; one is shown. */
import type { JSX } from 'preact';
import { fixed, integer } from '../../src/figures/core/format';
import { Icon } from '../shared/icons';
import { meanSurprise, ownTokens, textOf, treeOf, type Branch } from './branches';
import { settingsText } from './controls';
import type { PlaygroundModel } from './model';

/** Characters of a branch's beginning. */
const BEGINNING = 60;

function titleOf(model: PlaygroundModel, branch: Branch): JSX.Element {
  const own = textOf(ownTokens(branch)).trim().slice(0, BEGINNING).replace(/\s+/g, ' ');
  const parent = model.branches.find(({ id }) => id === branch.parent);
  const token = branch.tokens[branch.at];
  const instead = parent?.tokens[branch.at];
  return (
    <>
      {parent && token && (
        <span class="secondary">
          {branch.chosen && instead ? (
            <>
              <span class="mono">{token.label}</span> for <span class="mono">{instead.label}</span> at{' '}
              {integer(branch.at + 1)}:{' '}
            </>
          ) : (
            `again from ${integer(branch.at + 1)}: `
          )}
        </span>
      )}
      <span class="beginning">{own === '' ? '…' : own}</span>
    </>
  );
}

export function BranchList({ model }: { model: PlaygroundModel }): JSX.Element {
  const rows = treeOf(model.branches);
  const shown = model.branch;
  const key = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      model.moveBranch(event.key === 'ArrowDown' ? 1 : -1);
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>('.branches [aria-selected=true]')?.focus(),
      );
    } else if (event.key === 'Delete' && shown) model.remove(shown.id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section class="branches" aria-label="Branches">
      <h2>
        Branches <span class="secondary">{branchCount(rows.length)}</span>
      </h2>
      <ul role="tree" aria-label="Branches" onKeyDown={key}>
        {rows.map(({ branch, depth }) => {
          const mean = meanSurprise(ownTokens(branch));
          const selected = branch === shown;
          return (
            <li
              key={branch.id}
              role="treeitem"
              aria-level={depth + 1}
              aria-selected={selected}
              tabIndex={selected ? 0 : -1}
              class={selected ? 'on' : ''}
              title={settingsText(branch.settings)}
              data-branch={branch.id}
              onClick={() => model.show(branch.id)}
            >
              <span class="indent" style={{ width: `${Math.min(8, depth) * 14}px` }} />
              {depth > 0 && <Icon name="branch" />}
              <span class="title">{titleOf(model, branch)}</span>
              <span class="number">{integer(branch.tokens.length)}</span>
              <span class="number">{mean === undefined ? '–' : fixed(mean, 2)}</span>
              <button
                type="button"
                class="icon-button"
                tabIndex={-1}
                aria-label={`Remove branch ${branch.id}`}
                title="Remove this branch (Delete)"
                disabled={model.state.running?.branch === branch.id}
                onClick={(event) => {
                  event.stopPropagation();
                  model.remove(branch.id);
                }}
              >
                <Icon name="close" />
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const branchCount = (count: number): string =>
  count === 1 ? 'tokens, bits per new token' : `${count}, with tokens and bits per new token`;
