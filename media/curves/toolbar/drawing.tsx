/** @file What decides how the curves are drawn; what has no room here is in the menu *More*. */
import type { JSX } from 'preact';
import { differingKeys } from '../../../src/figures/curves/groups';
import type { XAxis } from '../../../src/figures/curves/data';
import { Checkbox, Segmented, Select } from '../../shared/controls';
import type { CurvesModel } from '../model';
import { smoothings } from '../state';
import { isSweep } from '../sweep/rows';

const axes: readonly { value: XAxis; label: string }[] = [
  { value: 'step', label: 'Step' },
  { value: 'time', label: 'Time' },
  { value: 'tokens', label: 'Tokens' },
  { value: 'flops', label: 'FLOPs' },
];

interface Props {
  readonly model: CurvesModel;
  /** Of the panel, px. */
  readonly width: number;
}

export function DrawingControls({ model, width }: Props): JSX.Element {
  return (
    <>
      <AxisChoice model={model} width={width} />
      {width >= 560 && <span class="secondary">Smooth</span>}
      {width >= 400 && <Smoothing model={model} width={width} />}
      {width < 700 && <span class="spring" />}
      <Marks model={model} width={width} />
      {width >= 1280 && <ColourBy model={model} />}
    </>
  );
}

function AxisChoice({ model, width }: Props): JSX.Element {
  const { axis } = model.state;
  const choose = (next: XAxis): void => model.patch({ axis: next, zoom: null, pinned: null });
  if (width < 1000) return <Select label="x axis" value={axis} options={axes} onChange={choose} />;
  return (
    <>
      <span class="secondary">x</span>
      <Segmented label="x axis" name="axis" value={axis} options={axes} onChange={choose} />
    </>
  );
}

function Smoothing({ model, width }: Props): JSX.Element {
  const { smoothing } = model.state;
  return (
    <>
      <input
        type="range"
        class={width < 700 ? 'short' : ''}
        aria-label="Smoothing"
        min={0}
        max={smoothings.length - 1}
        step={1}
        value={Math.max(0, smoothings.indexOf(smoothing))}
        aria-valuetext={`${smoothing}`}
        onInput={(event) => model.patch({ smoothing: smoothings[Number(event.currentTarget.value)] ?? 0 })}
      />
      <span class="value">{smoothing}</span>
    </>
  );
}

function Marks({ model, width }: Props): JSX.Element {
  const { logY, envelope, clipOutliers } = model.state;
  // The choice between curves and sweep stands in the bar too.
  const sweep = isSweep(model);
  return (
    <>
      <Checkbox
        checked={logY}
        onChange={(next) => model.patch({ logY: next, yZoom: null })}
        title="Logarithmic y axis (L)"
      >
        {width < 700 ? 'Log' : 'Log y'}
      </Checkbox>
      {width >= (sweep ? 1440 : 860) && (
        <Checkbox
          checked={envelope}
          onChange={(next) => model.patch({ envelope: next })}
          title="Smallest and largest raw value (E)"
        >
          Envelope
        </Checkbox>
      )}
      {width >= (sweep ? 1500 : 1120) && (
        <Checkbox checked={clipOutliers} onChange={(next) => model.patch({ clipOutliers: next })}>
          Clip outliers
        </Checkbox>
      )}
    </>
  );
}

function ColourBy({ model }: { model: CurvesModel }): JSX.Element | null {
  const keys = differingKeys(model.runs);
  if (keys.length === 0) return null;
  const options = [
    { value: 'config', label: 'config difference' },
    ...keys.map((key) => ({ value: key, label: key })),
  ];
  return (
    <>
      <span class="secondary">Colour by</span>
      <Select
        label="Colour by"
        value={model.state.colourBy}
        options={options}
        onChange={(colourBy) => model.patch({ colourBy })}
      />
    </>
  );
}
