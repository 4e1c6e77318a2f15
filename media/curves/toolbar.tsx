/** @file The bar above the charts. */
import type { JSX } from 'preact';
import { useEffect, useReducer, useState } from 'preact/hooks';
import type { XAxis } from '../../src/figures/curves/data';
import { Checkbox, IconButton, Menu, Segmented, Select, type MenuItem } from '../shared/controls';
import { Icon } from '../shared/icons';
import { differingKeys } from '../../src/figures/curves/groups';
import type { Result } from '../../src/figures/sweep/axes';
import type { CurvesModel } from './model';
import { smoothings } from './state';
import { isSweep } from './sweep/rows';

const axes: readonly { value: XAxis; label: string }[] = [
  { value: 'step', label: 'Step' },
  { value: 'time', label: 'Time' },
  { value: 'tokens', label: 'Tokens' },
  { value: 'flops', label: 'FLOPs' },
];

const views = [
  { value: 'curves', label: 'Curves' },
  { value: 'sweep', label: 'Sweep' },
] as const;

const targets: readonly { value: Result; label: string }[] = [
  { value: 'loss', label: 'val loss, lowest' },
  { value: 'accuracy', label: 'accuracy, highest' },
  { value: 'time', label: 'time, shortest' },
];

export function Toolbar({
  model,
  width,
  onExport,
}: {
  model: CurvesModel;
  width: number;
  onExport(kind: 'png' | 'svg' | 'csv' | 'md'): void;
}): JSX.Element {
  const { state } = model;
  const narrow = width < 700;
  const [filtering, setFiltering] = useState(state.filter !== '');
  const canSweep = isSweep(model);
  const sweeping = canSweep && state.view === 'sweep';
  const more: (MenuItem | 'separator')[] = [
    {
      label: 'Envelope',
      checked: state.envelope,
      detail: 'E',
      run: () => model.patch({ envelope: !state.envelope }),
    },
    {
      label: 'Clip outliers',
      checked: state.clipOutliers,
      run: () => model.patch({ clipOutliers: !state.clipOutliers }),
    },
    {
      label: 'One-sided EMA',
      checked: state.oneSided,
      run: () => model.patch({ oneSided: !state.oneSided }),
    },
    ...(canSweep && width < 560
      ? [
          {
            label: 'Sweep',
            checked: sweeping,
            run: () => model.patch({ view: sweeping ? 'curves' : 'sweep' }),
          },
        ]
      : []),
    'separator',
    { label: 'Whole range', detail: '0', run: () => model.zoomTo(null) },
    { label: 'Show all runs', run: () => model.patch({ hidden: [], filter: '' }) },
    { label: 'Show Log', run: () => model.send({ type: 'command', command: 'log' }) },
  ];
  const saved: MenuItem[] = [
    { label: 'Save picture as PNG…', run: () => onExport('png') },
    { label: 'Save figure as SVG…', run: () => onExport('svg') },
    { label: 'Save numbers as CSV…', run: () => onExport('csv') },
    { label: 'Copy table as Markdown', run: () => onExport('md') },
  ];
  return (
    <div class="bar" role="toolbar" aria-label="Curves">
      {narrow && !filtering && state.filter === '' ? (
        <IconButton icon="filter" label="Filter runs" onClick={() => setFiltering(true)} />
      ) : (
        <span class={narrow ? 'filter small' : 'filter'}>
          <Icon name="filter" />
          <input
            type="search"
            aria-label="Filter runs"
            placeholder="Filter runs, e.g. mixer:mamba"
            value={state.filter}
            onInput={(event) => model.patch({ filter: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              model.patch({ filter: '' });
              setFiltering(false);
            }}
          />
        </span>
      )}
      {canSweep && width >= 560 && (
        <Segmented
          label="View"
          name="view"
          value={state.view}
          options={views}
          onChange={(view) => model.patch({ view, table: false })}
        />
      )}
      {sweeping ? (
        <>
          <span class="secondary">Target</span>
          <Select
            label="Target"
            value={state.target}
            options={targets}
            onChange={(target) => model.patch({ target, brushes: {} })}
          />
        </>
      ) : (
        <CurveControls model={model} width={width} />
      )}
      {!narrow && <span class="spring" />}
      {width >= 760 && <LiveText model={model} long={width >= (canSweep && !sweeping ? 1400 : 900)} />}
      {!narrow && model.groups.some((group) => group.live) && (
        <IconButton
          icon={model.paused ? 'play' : 'pause'}
          label={model.paused ? 'Follow the runs again' : 'Hold the picture; the runs go on'}
          pressed={model.paused}
          onClick={() => model.setPaused(!model.paused)}
        />
      )}
      <IconButton
        icon={state.table ? 'chart' : 'table'}
        label={state.table ? 'Show charts (T)' : 'Show data as table (T)'}
        testid="show-table"
        pressed={state.table}
        onClick={() => model.patch({ table: !state.table })}
      />
      <Menu icon="export" label="Export" items={saved} />
      <Menu icon="more" label="More" items={more} />
    </div>
  );
}

/** What decides how the curves are drawn. */
function CurveControls({ model, width }: { model: CurvesModel; width: number }): JSX.Element {
  const { state } = model;
  const narrow = width < 700;
  const setAxis = (axis: XAxis): void => model.patch({ axis, zoom: null, pinned: null });
  const index = Math.max(0, smoothings.indexOf(state.smoothing));
  const keys = differingKeys(model.runs);
  return (
    <>
      {width >= 1000 ? (
        <>
          <span class="secondary">x</span>
          <Segmented label="x axis" name="axis" value={state.axis} options={axes} onChange={setAxis} />
        </>
      ) : (
        <Select label="x axis" value={state.axis} options={axes} onChange={setAxis} />
      )}
      {width >= 560 && <span class="secondary">Smooth</span>}
      {width >= 400 && (
        <input
          type="range"
          class={narrow ? 'short' : ''}
          aria-label="Smoothing"
          min={0}
          max={smoothings.length - 1}
          step={1}
          value={index}
          aria-valuetext={`${state.smoothing}`}
          onInput={(event) => model.patch({ smoothing: smoothings[Number(event.currentTarget.value)] ?? 0 })}
        />
      )}
      {width >= 400 && <span class="value">{state.smoothing}</span>}
      {narrow && <span class="spring" />}
      <Checkbox
        checked={state.logY}
        onChange={(logY) => model.patch({ logY, yZoom: null })}
        title="Logarithmic y axis (L)"
      >
        {narrow ? 'Log' : 'Log y'}
      </Checkbox>
      {width >= (isSweep(model) ? 1440 : 860) && (
        <Checkbox
          checked={state.envelope}
          onChange={(envelope) => model.patch({ envelope })}
          title="Smallest and largest raw value (E)"
        >
          Envelope
        </Checkbox>
      )}
      {width >= (isSweep(model) ? 1500 : 1120) && (
        <Checkbox checked={state.clipOutliers} onChange={(clipOutliers) => model.patch({ clipOutliers })}>
          Clip outliers
        </Checkbox>
      )}
      {width >= 1280 && keys.length > 0 && (
        <>
          <span class="secondary">Colour by</span>
          <Select
            label="Colour by"
            value={state.colourBy}
            options={[
              { value: 'config', label: 'config difference' },
              ...keys.map((key) => ({ value: key, label: key })),
            ]}
            onChange={(colourBy) => model.patch({ colourBy })}
          />
        </>
      )}
    </>
  );
}

/** "2 of 9 runs live · 0.8 s ago", renewed once a second; old news are a warning. */
function LiveText({ model, long }: { model: CurvesModel; long: boolean }): JSX.Element | null {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => tick(undefined as never), 1000);
    return () => clearInterval(timer);
  }, []);
  const live = model.runs.filter((run) => run.status === 'running').length;
  if (model.pending > 0)
    return <span class="secondary live">{`reading ${model.pending.toLocaleString('en')} rows`}</span>;
  if (live === 0) return null;
  const age = model.age();
  const seconds = age === undefined ? undefined : age / 1000;
  const ago =
    seconds === undefined ? '' : ` · ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s ago`;
  const old = seconds !== undefined && seconds > 10;
  return (
    <span class="secondary live" title="Time since the newest value">
      {old && (
        <span class="icon-inline is-warning">
          <Icon name="warning" label="No new value for a while" />
        </span>
      )}
      {`${live} of ${model.runs.length} ${model.runs.length === 1 ? 'run' : 'runs'} live${long ? ago : ''}`}
    </span>
  );
}
