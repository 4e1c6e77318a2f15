/** @file The prompt, how tokens are drawn, and the buttons that start and stop. */
import type { JSX } from 'preact';
import type { Controls } from '../../src/protocol/view-playground';
import { Checkbox, Select } from '../shared/controls';
import { Icon } from '../shared/icons';
import { numberControls, problemOf } from './controls';
import type { PlaygroundModel } from './model';

const schemaExample = '{"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}';

export function PromptForm({ model }: { model: PlaygroundModel }): JSX.Element {
  const { state, facts } = model;
  const { controls } = state;
  // What was drawn may be older than what was typed since.
  const set = (patch: Partial<Controls>): void =>
    model.patch({ controls: { ...model.state.controls, ...patch } });
  const signs = facts?.prompt === 'signs';
  return (
    <section class="prompt" aria-label="Prompt and settings">
      <textarea
        aria-label="Prompt"
        data-testid="prompt"
        rows={3}
        spellcheck={false}
        placeholder={
          signs
            ? `Signs of the vocabulary with spaces between them, for example ${(facts.signs ?? []).slice(0, 6).join(' ')}`
            : 'Text that the model continues'
        }
        value={state.prompt}
        onInput={(event) => model.patch({ prompt: event.currentTarget.value })}
      />
      <div class="controls">
        <Go model={model} />
        <Checkbox
          checked={controls.greedy}
          title="Always the likeliest token"
          onChange={(greedy) => set({ greedy })}
        >
          Greedy
        </Checkbox>
        {numberControls.map((control) => (
          <NumberControl key={control.name} model={model} control={control} set={set} />
        ))}
        <button
          type="button"
          class="link more-link"
          aria-expanded={state.more}
          onClick={() => model.patch({ more: !state.more })}
        >
          {state.more ? 'Hide stop texts and constraint' : moreText(controls)}
        </button>
      </div>
      {model.problem !== undefined && (
        <p class="is-error" role="alert">
          {model.problem}
        </p>
      )}
      {state.more && <More controls={controls} set={set} />}
    </section>
  );
}

/** Starts, or ends what goes on. */
function Go({ model }: { model: PlaygroundModel }): JSX.Element {
  return model.running ? (
    <button type="button" class="button go" data-testid="stop" onClick={() => model.stop()}>
      <Icon name="stop" /> Stop
    </button>
  ) : (
    <button
      type="button"
      class="button go"
      data-testid="generate"
      title="Continue the prompt (Ctrl+Enter)"
      onClick={() => model.generate()}
    >
      <Icon name="play" /> Generate
    </button>
  );
}

function NumberControl({
  model,
  control,
  set,
}: {
  model: PlaygroundModel;
  control: (typeof numberControls)[number];
  set(patch: Partial<Controls>): void;
}): JSX.Element {
  const { controls } = model.state;
  const value = controls[control.name];
  // What decides how tokens are drawn is nothing to the likeliest one.
  const off = controls.greedy && control.sampling;
  return (
    <label class={off ? 'number off' : 'number'} title={control.title}>
      <span>{control.label}</span>
      <input
        type="text"
        inputMode={control.whole ? 'numeric' : 'decimal'}
        value={value}
        disabled={off}
        aria-invalid={!off && problemOf(control, value) !== undefined}
        data-testid={`control-${control.name}`}
        onInput={(event) => set({ [control.name]: event.currentTarget.value })}
        onKeyDown={(event) => event.key === 'Enter' && model.generate()}
      />
    </label>
  );
}

/** Says what is set while it is hidden. */
function moreText({ stop, constraint }: Controls): string {
  const parts = [
    ...(stop.trim() === '' ? [] : ['stop texts']),
    ...(constraint === 'none' ? [] : [constraint === 'schema' ? 'JSON Schema' : 'regular expression']),
  ];
  return parts.length === 0 ? 'Stop texts and constraint' : `With ${parts.join(' and ')}`;
}

function More({ controls, set }: { controls: Controls; set(patch: Partial<Controls>): void }): JSX.Element {
  const { constraint } = controls;
  return (
    <div class="more-controls">
      <label>
        <span>
          Stop texts <span class="secondary">one per line, \n for a line break</span>
        </span>
        <textarea
          rows={3}
          spellcheck={false}
          data-testid="control-stop"
          value={controls.stop}
          onInput={(event) => set({ stop: event.currentTarget.value })}
        />
      </label>
      <div>
        <span class="pair">
          Constraint
          <Select
            label="Constraint"
            value={constraint}
            options={[
              { value: 'none', label: 'none' },
              { value: 'schema', label: 'JSON Schema' },
              { value: 'regex', label: 'Regular expression' },
            ]}
            onChange={(value) => set({ constraint: value })}
          />
        </span>
        {constraint === 'none' ? (
          <p class="secondary">With a constraint only tokens come that the new text can go on with.</p>
        ) : (
          <textarea
            rows={3}
            spellcheck={false}
            aria-label={constraint === 'schema' ? 'JSON Schema' : 'Regular expression'}
            data-testid="control-constraint"
            placeholder={constraint === 'schema' ? schemaExample : '[A-Z][a-z]+( [a-z]+){2,8}\\.'}
            value={controls[constraint]}
            onInput={(event) => set({ [constraint]: event.currentTarget.value })}
          />
        )}
      </div>
    </div>
  );
}
