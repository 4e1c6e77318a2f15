/** @file What stands in the place of a view that cannot be shown: why, and what there is instead. */
import type { JSX } from 'preact';
import { nearestScanLayer, unavailable } from './available';
import { viewNames } from './header';
import type { ScanModel } from './model';

export function NoScan({ model }: { model: ScanModel }): JSX.Element {
  const { inspection } = model;
  const near = nearestScanLayer(model);
  const mixer = inspection?.mixer ?? '';
  const nearMixer = inspection?.layers.find((layer) => layer.index === near)?.mixer;
  const probes = Object.keys(inspection?.probes ?? {});
  const others = (['kernel', 'memory', 'attention'] as const).filter(
    (view) => unavailable(model, view) === undefined,
  );
  const why =
    mixer === 'attention'
      ? 'Attention keeps every earlier token instead of a state, so there is no recurrence to step through.'
      : mixer === 'mlp'
        ? 'An MLP treats every token by itself: nothing is kept between tokens.'
        : 'This layer tells no step size, decay and state.';
  return (
    <div class="note">
      <h2>{`layers.${model.layer} ${mixer} has no scan`}</h2>
      <p>{why}</p>
      <div class="actions">
        {near !== undefined && (
          <button type="button" class="button" onClick={() => model.patch({ layer: near })}>
            {`Show layers.${near} ${nearMixer}`}
          </button>
        )}
        {others.map((view) => (
          <button type="button" class="button quiet" onClick={() => model.patch({ view })}>
            {`Show ${viewNames[view].toLowerCase()}`}
          </button>
        ))}
        {probes.length > 0 && (
          <button
            type="button"
            class="button quiet"
            onClick={() => model.patch({ table: probes[0] ?? null })}
          >
            Show numbers
          </button>
        )}
      </div>
      {near === undefined && <p>No layer of this model has one.</p>}
    </div>
  );
}

/** Why there is no picture, and what there is instead. */
export function NoView({ model, why }: { model: ScanModel; why: string | undefined }): JSX.Element {
  const { view } = model.state;
  if (why === undefined) {
    return (
      <div class="note">
        <h2>No layer mixes tokens</h2>
        <p>None of the layers of this model shows a matrix between tokens.</p>
      </div>
    );
  }
  const scans = nearestScanLayer(model);
  return (
    <div class="note">
      <h2>{viewNames[view]} is not possible here</h2>
      <p>{why}</p>
      <div class="actions">
        {scans !== undefined && scans !== model.layer && view === 'memory' && (
          <button type="button" class="button" onClick={() => model.patch({ layer: scans })}>
            {`Show layers.${scans}`}
          </button>
        )}
        <button type="button" class="button quiet" onClick={() => model.patch({ view: 'attention' })}>
          Show hidden attention
        </button>
      </div>
    </div>
  );
}

/** The user ended the first question. */
export function Cancelled({ model }: { model: ScanModel }): JSX.Element {
  return (
    <div class="note" role="alert">
      <h2>Cancelled</h2>
      <p>The model was not run.</p>
      <div class="actions">
        <button type="button" class="button" onClick={() => model.retry()}>
          Try again
        </button>
      </div>
    </div>
  );
}

/** Why there is nothing at all. */
export function Failure({ model }: { model: ScanModel }): JSX.Element {
  return (
    <div class="note" role="alert">
      <h2>{model.present ? 'This cannot be inspected' : `${model.name} was deleted`}</h2>
      <p>{model.failure}</p>
      <div class="actions">
        <button type="button" class="button" onClick={() => model.retry()}>
          Try again
        </button>
        {!model.present && (
          <button
            type="button"
            class="button quiet"
            onClick={() => model.send({ type: 'command', command: 'other' })}
          >
            Show another run…
          </button>
        )}
        {model.present && model.state.ids !== null && (
          <button type="button" class="button quiet" onClick={() => model.patch({ ids: null })}>
            Use an example of the data
          </button>
        )}
        <button
          type="button"
          class="button quiet"
          onClick={() => model.send({ type: 'command', command: 'log' })}
        >
          Show Log
        </button>
      </div>
    </div>
  );
}
