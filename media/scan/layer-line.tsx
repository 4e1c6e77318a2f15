/** @file The line below the bar: which layer, channel and direction are shown, and what the model answers. */
import type { JSX } from 'preact';
import { percent, visible } from '../../src/figures/core/format';
import { quantityNames } from '../../src/figures/scan/heat';
import type { ChannelQuantity } from '../../src/figures/scan/layout';
import type { Recurrence } from '../../src/figures/scan/recurrence';
import { Segmented, Select } from '../shared/controls';
import type { ScanModel } from './model';

export function LayerLine({ model, width }: { model: ScanModel; width: number }): JSX.Element {
  const { scan } = model;
  const { view } = model.state;
  return (
    <div class="line">
      <LayerChoice model={model} width={width} />
      {scan && (view === 'sequence' || view === 'memory') && (
        <ChannelChoice model={model} scan={scan} width={width} />
      )}
      {scan && view === 'sequence' && (
        <>
          {scan.other && <DirectionChoice model={model} width={width} />}
          {width >= 900 && <QuantityChoice model={model} />}
        </>
      )}
      <span class="spring" />
      {width >= 700 && <Answer model={model} />}
    </div>
  );
}

interface Props {
  readonly model: ScanModel;
  /** Of the panel, px. */
  readonly width: number;
}

function LayerChoice({ model, width }: Props): JSX.Element {
  const layers = model.inspection?.layers ?? [];
  const narrow = width < 700;
  const choice = {
    label: 'Layer',
    value: String(model.layer),
    options: layers.map(({ index, mixer }) => ({
      value: String(index),
      label: narrow ? `layers.${index}` : `layers.${index} ${mixer}`,
    })),
    onChange: (next: string): void => model.patch({ layer: Number(next) }),
  };
  const room = width < 360 ? 1 : narrow ? 3 : 6;
  return layers.length > room ? <Select {...choice} /> : <Segmented name="layer" {...choice} />;
}

function ChannelChoice({ model, scan, width }: Props & { readonly scan: Recurrence }): JSX.Element {
  return (
    <>
      {width >= 1120 && <span class="secondary">channel</span>}
      <Select
        label="Channel"
        value={String(model.channel)}
        options={scan.strongest.map((channel) => ({
          value: String(channel),
          label: `${channel} of ${scan.channels}`,
        }))}
        onChange={(next) => model.chooseChannel(Number(next))}
      />
      {width >= 1120 && <span class="secondary">strongest first</span>}
    </>
  );
}

function DirectionChoice({ model, width }: Props): JSX.Element {
  const narrow = width < 700;
  return (
    <Segmented
      label="Direction of the scan"
      name="direction"
      value={model.state.direction}
      options={[
        { value: 'forward', label: narrow ? '→' : '→ left to right', title: 'Left to right (D)' },
        { value: 'backward', label: narrow ? '←' : '← right to left', title: 'Right to left (D)' },
      ]}
      onChange={(direction) => model.patch({ direction })}
    />
  );
}

function QuantityChoice({ model }: { model: ScanModel }): JSX.Element {
  return (
    <Select<ChannelQuantity>
      label="Quantity by channel"
      value={model.state.quantity}
      options={(Object.keys(quantityNames) as ChannelQuantity[]).map((quantity) => ({
        value: quantity,
        label: quantityNames[quantity],
      }))}
      onChange={(quantity) => model.patch({ quantity })}
    />
  );
}

/** What was to be predicted, and what was. */
function Answer({ model }: { model: ScanModel }): JSX.Element | null {
  const { target, prediction } = model.inspection ?? {};
  if (!prediction) return null;
  return (
    <span class="answer">
      {target && (
        <>
          <span class="secondary">Target </span>
          <strong>{visible(target.label)}</strong>
          <span class="secondary"> · </span>
        </>
      )}
      <span class="secondary">{target ? 'predicted ' : 'Predicted '}</span>
      <strong>{visible(prediction.label)}</strong>
      {prediction.probability !== undefined && (
        <span class="secondary">{` with ${percent(prediction.probability, 1)}`}</span>
      )}
    </span>
  );
}
