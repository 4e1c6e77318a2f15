/** @file The runs below 700 px: two lines a run, in the order of the values at the cursor. */
import type { JSX } from 'preact';
import { integer, number3, percent } from '../../../src/figures/core/format';
import { membersOf } from '../../../src/figures/curves/groups';
import { useSource } from '../../shared/hooks';
import { Icon } from '../../shared/icons';
import { factsOf } from './facts';
import type { CurvesModel } from '../model';
import { lossAt } from './loss-at';
import { CursorHead, Status } from './status';
import { Swatch } from './swatch';

export function RunList({ model }: { model: CurvesModel }): JSX.Element {
  useSource(model.cursor);
  const rows = model
    .listed()
    .map((group) => ({ facts: factsOf(model, group), loss: lossAt(model, group) }))
    .sort((a, b) => (a.loss ?? Infinity) - (b.loss ?? Infinity));
  const live = model.runs.filter((run) => run.status === 'running').length;
  return (
    <section class="runs">
      <h2 class="runs-head">
        <span>Runs</span>
        <span class="secondary">{`${model.groups.length} ${model.groups.length === 1 ? 'group' : 'groups'} of ${model.runs.length}${live ? ` · ${live} live` : ''}`}</span>
        <span class="spring" />
        <span class="secondary">
          <CursorHead model={model} />
        </span>
      </h2>
      <ul class="run-list">
        {rows.map(({ facts, loss }) => {
          const { group } = facts;
          const shown = !model.state.hidden.includes(group.key);
          const members = membersOf(group.runs);
          return (
            <li
              key={group.key}
              class={[model.cursor.hovered === group.key ? 'hovered' : '', shown ? '' : 'off']
                .filter(Boolean)
                .join(' ')}
              onMouseEnter={() => model.cursor.set({ hovered: group.key })}
              onMouseLeave={() => model.cursor.set({ hovered: undefined })}
            >
              <button
                type="button"
                aria-pressed={shown}
                aria-label={`Show ${group.name}`}
                onClick={(event) => model.toggle(group.key, event.altKey)}
              >
                <Swatch style={model.styleOf(group)} />
              </button>
              <span class="lines">
                <span class="run-line">
                  <span class="text">{group.name}</span>
                  {group.live && (
                    <span class="secondary status">
                      <Icon name="sync" label="live" />
                      {integer(facts.step)}
                    </span>
                  )}
                </span>
                <span class="secondary">
                  {group.live ? (
                    members
                  ) : (
                    <>
                      {members} · <Status facts={facts} />
                    </>
                  )}
                </span>
              </span>
              <span class="lines right">
                <span>{number3(loss)}</span>
                <span class="secondary">
                  {facts.accuracy === undefined ? '' : `${percent(facts.accuracy)} acc`}
                </span>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
