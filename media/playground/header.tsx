/** @file The bar and the line below it: which model, how large its state is, how fast it went. */
import type { JSX } from 'preact';
import { duration, integer, number3 } from '../../src/figures/core/format';
import { IconButton, Menu, type MenuItem } from '../shared/controls';
import { Icon } from '../shared/icons';
import { branchCsv, branchJson, branchMarkdown } from './export';
import type { PlaygroundModel } from './model';
import { bytes } from './numbers';
import { textOf } from './branches';

function exports(model: PlaygroundModel): (MenuItem | 'separator')[] {
  const { branch, name } = model;
  if (!branch) return [{ label: 'Nothing to copy yet', run: () => undefined }];
  const file = `${name || 'playground'}-branch${branch.id}`.replace(/[^\w.-]+/g, '-');
  const copy = (text: string): void => model.send({ type: 'copy', text: text.slice(0, 9_000_000) });
  const save = (kind: 'md' | 'json' | 'csv', data: string): void =>
    model.send({ type: 'export', kind, name: `${file}.${kind}`, data });
  return [
    { label: 'Copy text', run: () => copy(branch.prompt + textOf(branch.tokens)) },
    { label: 'Copy as Markdown', run: () => copy(branchMarkdown(model, branch)) },
    { label: 'Copy as JSON', run: () => copy(branchJson(model, branch)) },
    'separator',
    { label: 'Save as Markdown…', run: () => save('md', branchMarkdown(model, branch)) },
    { label: 'Save as JSON…', run: () => save('json', branchJson(model, branch)) },
    { label: 'Save tokens as CSV…', run: () => save('csv', branchCsv(branch)) },
  ];
}

export function Header({ model, narrow }: { model: PlaygroundModel; narrow: boolean }): JSX.Element {
  const { state, facts, isRun } = model;
  const command = (name: 'curves' | 'fine-tune' | 'reopen' | 'log') => () =>
    model.send({ type: 'command', command: name });
  const { branch } = model;
  const scan = (): void =>
    model.send({
      type: 'scan',
      prompt: branch?.prompt ?? '',
      path: branch?.tokens.map(({ id }) => id) ?? [],
    });
  const more: (MenuItem | 'separator')[] = [
    {
      label: 'Colour by probability',
      checked: state.coloured,
      run: () => model.patch({ coloured: !state.coloured }),
    },
    'separator',
    { label: 'Inspect Scan', detail: branch ? 'of this text' : '', run: scan },
    ...(isRun ? [{ label: 'Open Curves', run: command('curves') }] : []),
    { label: 'Fine-Tune…', run: command('fine-tune') },
    'separator',
    ...([32, 8, 4] as const).map((bits) => ({
      label: `Weights in ${bits} bits`,
      checked: state.bits === bits,
      run: () => model.weights(bits),
    })),
    'separator',
    { label: 'Open the model again', detail: isRun ? 'newest checkpoint' : '', run: command('reopen') },
    { label: 'Show Log', run: command('log') },
  ];
  return (
    <div class="bar" role="toolbar" aria-label="Playground">
      <Icon name="text" />
      <span class="name" title={model.name}>
        {model.name}
      </span>
      {!narrow && facts?.step !== undefined && (
        <span class="secondary">checkpoint at step {integer(facts.step)}</span>
      )}
      <span class="spring" />
      {model.newer !== undefined && (
        <button type="button" class="link" onClick={command('reopen')}>
          {model.newer === true ? 'Newer checkpoint' : `Open step ${integer(model.newer)}`}
        </button>
      )}
      <IconButton
        icon="table"
        label={state.table ? 'Show the text (T)' : 'Show tokens as a table (T)'}
        pressed={state.table}
        testid="show-table"
        onClick={() => model.patch({ table: !state.table })}
      />
      <Menu icon="export" label="Copy or save" items={exports(model)} />
      <Menu icon="more" label="More" items={more} />
    </div>
  );
}

export function FactsLine({ model }: { model: PlaygroundModel }): JSX.Element {
  const { facts, beginning, kept, speed } = model;
  const layers = facts
    ? Object.entries(facts.layers)
        .map(([mixer, count]) => `${count} × ${mixer}`)
        .join(', ')
    : '';
  return (
    <dl class="facts">
      {facts === undefined ? (
        <div>
          <dt>Model</dt>
          <dd>{model.failure ? 'not open' : 'opening …'}</dd>
        </div>
      ) : (
        <>
          <div>
            <dt>Model</dt>
            <dd>
              {integer(facts.parameters)} <span class="secondary">parameters · {layers}</span>
            </dd>
          </div>
          <div title="What the process holds in memory. Few bits are for drawing tokens; prompts are read in 32.">
            <dt>Weights</dt>
            <dd data-testid="weights">
              {facts.bits} bits <span class="secondary">{bytes(facts.memory)} in memory</span>
            </dd>
          </div>
          <div>
            <dt>State</dt>
            <dd data-testid="state-size">
              {bytes(facts.stateBytes)}{' '}
              <span class="secondary">
                {facts.context === undefined
                  ? 'at any length'
                  : `with room for ${integer(facts.context)} tokens`}
              </span>
            </dd>
          </div>
        </>
      )}
      <div>
        <dt>Speed</dt>
        <dd data-testid="speed">
          {number3(speed)} <span class="secondary">tokens/s</span>
        </dd>
      </div>
      <div>
        <dt>Prompt</dt>
        <dd>{beginning ? promptText(beginning) : <span class="secondary">not read</span>}</dd>
      </div>
      <div title="States are kept so that a branch can begin at any token without reading the text again.">
        <dt>Kept</dt>
        <dd>
          {integer(kept?.states ?? 0)} {kept?.states === 1 ? 'state' : 'states'}{' '}
          {kept && (
            <span class="secondary">
              {bytes(kept.bytes)}
              {kept.every > 1 ? `, every ${kept.every} tokens` : ''}
            </span>
          )}
        </dd>
      </div>
    </dl>
  );
}

function promptText({
  promptTokens,
  read,
  repeated,
  seconds,
}: NonNullable<PlaygroundModel['beginning']>): JSX.Element {
  const time = seconds < 1 ? `${number3(seconds * 1000)}\u00a0ms` : duration(seconds);
  const how =
    read > 0
      ? `read in ${time}`
      : repeated > 0
        ? `state restored, ${repeated} ${repeated === 1 ? 'step' : 'steps'} again`
        : 'state restored';
  return (
    <>
      {integer(promptTokens)}{' '}
      <span class="secondary">{`${promptTokens === 1 ? 'token' : 'tokens'}, ${how}`}</span>
    </>
  );
}
