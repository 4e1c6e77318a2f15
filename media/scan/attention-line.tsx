/** @file The line of the attention view: what is shown, which matrix, what stands beside it, zoom. */
import type { JSX } from 'preact';
import type { LayerMatrices } from '../../src/figures/scan/attention/data';
import { Icon } from '../shared/icons';
import { IconButton, Segmented, Select } from '../shared/controls';
import type { ScanModel } from './model';
import { WHOLE } from './picked';
import { Play } from './play';

export function AttentionLine({ model, width }: { model: ScanModel; width: number }): JSX.Element {
  const { measure, scale } = model.state;
  return (
    <>
      <div class="line attention">
        <Segmented
          label="What is shown"
          name="measure"
          value={measure}
          options={[
            {
              value: 'entries',
              label: width < 560 ? 'Entries' : 'Matrix entries',
              title: 'Hidden attention as it multiplies the input',
            },
            {
              value: 'contribution',
              label: '× input and gate',
              title: 'Contributions, which can be compared in size',
            },
          ]}
          onChange={(next) => model.patch({ measure: next })}
        />
        {measure === 'entries' && width >= 700 && (
          <>
            <span class="secondary">Scale</span>
            <Segmented
              label="Scale"
              name="scale"
              value={scale}
              options={[
                { value: 'matrix', label: 'per matrix' },
                { value: 'layer', label: 'per layer' },
              ]}
              onChange={(next) => model.patch({ scale: next })}
            />
          </>
        )}
        <MatrixChoice model={model} />
        <PinControls model={model} />
        <span class="spring" />
        <ZoomControls model={model} />
        <Play model={model} what="token" />
      </div>
      <Failures model={model} />
    </>
  );
}

/** What of the line cannot be had, in a line of its own: long sentences leave the controls their room. */
function Failures({ model }: { model: ScanModel }): JSX.Element | null {
  const { pin, measure } = model.state;
  const { pinned, picked } = model;
  const other =
    pin && pin.target !== null && measure === 'entries' ? picked.failureOf(pin.target) : undefined;
  const failures = [
    measure === 'entries' ? picked.failureOf(null) : undefined,
    pin && pinned.failure !== undefined ? `${pin.name} cannot be compared: ${pinned.failure}` : other,
  ].filter((failure) => failure !== undefined);
  if (failures.length === 0) return null;
  return (
    <div class="line wrap failures is-error" role="alert">
      <Icon name="error" />
      {failures.map((failure) => (
        <span key={failure}>{failure}</span>
      ))}
    </div>
  );
}

/** Any channel or head of the layers that are shown large. */
function MatrixChoice({ model }: { model: ScanModel }): JSX.Element | null {
  const { state, layer, matrices, pinned } = model;
  const { pin } = state;
  if (state.measure !== 'entries') return null;
  const own = matrices.find((one) => one.layer === layer);
  const other = pin && pinned.matrices?.find((one) => one.layer === (pin.follows ? layer : pin.layer));
  return (
    <>
      {own && (
        <MatrixSelect
          note={other ? 'chosen' : ''}
          label="Matrix"
          layer={own}
          whole={model.length <= WHOLE}
          index={state.matrix}
          choose={(matrix) => model.choose({ layer, matrix, text: '' })}
        />
      )}
      {other && (
        <MatrixSelect
          note="pinned"
          label="Pinned matrix"
          layer={other}
          whole={model.length <= WHOLE}
          index={pin.follows ? state.matrix : pin.matrix}
          choose={(matrix) => pinned.choose({ layer: other.layer, matrix, text: '' })}
        />
      )}
    </>
  );
}

function MatrixSelect({
  note,
  label,
  layer: { mean, strongest, count, axis },
  whole,
  index,
  choose,
}: {
  /** Which side it is of, where there are two. */
  note: string;
  label: string;
  layer: LayerMatrices;
  /** Any can be asked for; beyond some length only those that are in front. */
  whole: boolean;
  index: number | null;
  choose(index: number | null): void;
}): JSX.Element {
  const front = strongest.map((matrix) => matrix.index!);
  const rest = whole ? Array.from({ length: count }, (_, k) => k).filter((k) => !front.includes(k)) : [];
  const known = index !== null && (front.includes(index) || rest.includes(index));
  return (
    <>
      {note && <span class="secondary">{note}</span>}
      <Select
        label={label}
        value={known ? String(index) : 'mean'}
        options={[
          { value: 'mean', label: mean.name },
          ...front.map((k) => ({ value: String(k), label: `${axis} ${k}, strong` })),
          ...rest.map((k) => ({ value: String(k), label: `${axis} ${k}` })),
        ]}
        onChange={(next) => choose(next === 'mean' ? null : Number(next))}
      />
    </>
  );
}

function PinControls({ model }: { model: ScanModel }): JSX.Element {
  const { pin } = model.state;
  return (
    <span class="controls">
      <IconButton
        icon="pin"
        label={pin ? 'Let the pinned matrix go (P)' : 'Pin this matrix beside what is chosen next (P)'}
        testid="pin"
        pressed={pin !== null}
        disabled={model.matrices.length === 0}
        onClick={() => model.pinned.toggle()}
      />
      <IconButton
        icon="compare"
        label="Compare with a run or checkpoint…"
        testid="compare"
        onClick={() => model.send({ type: 'pick' })}
      />
    </span>
  );
}

function ZoomControls({ model }: { model: ScanModel }): JSX.Element {
  const { window } = model.state;
  return (
    <span class="controls">
      <IconButton
        icon="zoom-in"
        label="Zoom in (+, Ctrl+wheel, drag)"
        onClick={() => model.cursor.zoom(0.5)}
      />
      <IconButton
        icon="zoom-out"
        label="Zoom out (−)"
        disabled={window === null}
        onClick={() => model.cursor.zoom(2)}
      />
      <IconButton
        icon="zoom-reset"
        label="Whole matrix (0, double click)"
        testid="zoom-reset"
        disabled={window === null}
        onClick={() => model.patch({ window: null })}
      />
    </span>
  );
}
