/** @file The second line of the views besides the sequence: what is chosen in them. */
import type { JSX } from 'preact';
import { overlayNames, type Overlay } from '../../src/figures/scan/memory/options';
import { stepsOf } from '../../src/figures/scan/order/options';
import { fits } from '../../src/figures/scan/order/picture';
import { routeSystems } from '../../src/analysis/routes/systems';
import { Checkbox, LinkButton, Segmented, Select } from '../shared/controls';
import { NumberField } from '../shared/number-field';
import { AttentionLine } from './attention-line';
import { unavailable } from './available';
import type { ScanModel } from './model';
import { Play } from './play';

export function ViewLine({ model, width }: { model: ScanModel; width: number }): JSX.Element | null {
  switch (model.state.view) {
    case 'memory':
      return <MemoryLine model={model} width={width} />;
    case 'attention':
      return <AttentionLine model={model} width={width} />;
    case 'kernel':
      return <KernelLine model={model} />;
    case 'order':
      return <OrderLine model={model} width={width} />;
    case 'training':
      return <TrainingLine model={model} width={width} />;
    case 'sequence':
      return null;
  }
}

function MemoryLine({ model, width }: { model: ScanModel; width: number }): JSX.Element {
  const surprise = model.inspection?.surprise !== undefined;
  const options = (Object.keys(overlayNames) as Overlay[]).map((value) => ({
    value,
    label: overlayNames[value],
    ...(value === 'surprise' && !surprise
      ? { disabled: true, title: 'Only language models predict every token.' }
      : {}),
  }));
  const choose = (overlay: Overlay): void => model.patch({ overlay });
  return (
    <div class="line">
      <span class="secondary">Overlay</span>
      {width < 640 ? (
        <Select
          label="Overlay"
          value={model.state.overlay}
          options={options.filter(({ value }) => surprise || value !== 'surprise')}
          onChange={choose}
        />
      ) : (
        <Segmented
          label="Overlay"
          name="overlay"
          value={model.state.overlay}
          options={options}
          onChange={choose}
        />
      )}
      <span class="spring" />
      <Play model={model} what="token" />
    </div>
  );
}

function KernelLine({ model }: { model: ScanModel }): JSX.Element | null {
  if (unavailable(model, 'kernel') !== undefined) return null;
  const count = model.inspection?.probes['kernel']?.shape[1] ?? 1;
  const initial = model.filters?.['kernel_initial'] !== undefined;
  return (
    <div class="line">
      <span class="secondary">channel</span>
      <Select
        label="Filter"
        value={String(model.filterChannel)}
        options={Array.from({ length: count }, (_, k) => ({ value: String(k), label: `${k} of ${count}` }))}
        onChange={(next) => {
          model.patch({ mode: null });
          model.chooseChannel(Number(next));
        }}
      />
      <span class="secondary">Compare</span>
      <Segmented
        label="Compare"
        name="compare"
        value={initial ? model.state.compare : 'none'}
        options={[
          {
            value: 'initial',
            label: 'initial',
            disabled: !initial,
            ...(initial ? {} : { title: 'This model is not trained.' }),
          },
          { value: 'none', label: 'as it is' },
        ]}
        onChange={(compare) => model.patch({ compare })}
      />
    </div>
  );
}

function OrderLine({ model, width }: { model: ScanModel; width: number }): JSX.Element {
  const { order } = model.state;
  const last = stepsOf(order) - 1;
  const picture = model.inspection?.image;
  const usable = picture !== undefined && Math.max(picture.rows, picture.columns) <= 64;
  const set = (patch: Partial<typeof order>): void => {
    const next = { ...model.state.order, ...patch };
    const tokens = next.rows * next.columns;
    model.patch({
      order: {
        ...next,
        token: Math.min(next.token, tokens - 1),
        step: Math.min(next.step, stepsOf(next) - 1),
      },
    });
  };
  const size = (label: string, key: 'rows' | 'columns'): JSX.Element => (
    <NumberField
      label={label}
      min={1}
      max={64}
      value={order[key]}
      onChange={(value) => set({ [key]: value })}
    />
  );
  return (
    <div class="line wrap">
      <Select
        label="Routes"
        value={order.system}
        options={Object.entries(routeSystems).map(([value, { title }]) => ({ value, label: title }))}
        onChange={(system) => set({ system })}
      />
      <span class="secondary">Grid</span>
      <span class="example">
        {size('Rows', 'rows')}
        <span class="secondary">×</span>
        {size('Columns', 'columns')}
      </span>
      {picture && (order.rows !== picture.rows || order.columns !== picture.columns) && usable && (
        <LinkButton onClick={() => set({ rows: picture.rows, columns: picture.columns })}>
          {`${picture.rows} × ${picture.columns} of the data`}
        </LinkButton>
      )}
      {picture && (
        <Checkbox
          checked={(order.image ?? true) && fits(picture, order)}
          title={
            fits(picture, order)
              ? 'The picture of the example under the grid'
              : 'The grid has another shape than the picture'
          }
          onChange={(image) => set({ image })}
        >
          <span>image</span>
        </Checkbox>
      )}
      <Checkbox checked={order.index} onChange={(index) => set({ index })}>
        <span>index</span>
      </Checkbox>
      <span class="spring" />
      <input
        type="range"
        class="slider"
        aria-label="Step"
        aria-valuetext={`step ${order.step} of ${last}`}
        min={0}
        max={last}
        value={order.step}
        onInput={(event) => set({ step: Number(event.currentTarget.value) })}
      />
      {width >= 560 && <span class="count">{`${order.step} of ${last}`}</span>}
      <Play model={model} what="step" />
    </div>
  );
}

function TrainingLine({ model, width }: { model: ScanModel; width: number }): JSX.Element | null {
  if (model.replay.frames.length === 0) return null;
  const { frames, index } = model.replay;
  return (
    <div class="line wrap">
      <span class="secondary">Frames</span>
      <Segmented
        label="Frames"
        name="frames"
        value={model.state.frames}
        options={[
          { value: 'change', label: 'equal change' },
          { value: 'steps', label: 'equal steps' },
        ]}
        onChange={(next) => model.patch({ frames: next })}
      />
      <span class="spring" />
      <TrainingSlider model={model} />
      {width >= 560 && <span class="count">{`step ${(frames[index]?.step ?? 0).toLocaleString('en')}`}</span>}
      <Play model={model} what="probe" />
    </div>
  );
}

/** Training time, by probes. */
function TrainingSlider({ model }: { model: ScanModel }): JSX.Element {
  const { frames, index } = model.replay;
  return (
    <input
      type="range"
      class="slider"
      aria-label="Training"
      aria-valuetext={`probe ${index + 1} of ${frames.length}, step ${frames[index]?.step ?? 0}`}
      min={0}
      max={Math.max(0, frames.length - 1)}
      value={index}
      onInput={(event) => model.patch({ frame: frames[Number(event.currentTarget.value)]?.step ?? null })}
    />
  );
}
