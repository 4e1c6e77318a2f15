/** @file The bar above the charts. */
import type { JSX } from 'preact';
import type { Result } from '../../../src/figures/sweep/axes';
import { IconButton, Menu, Segmented, Select } from '../../shared/controls';
import type { CurvesModel } from '../model';
import type { ExportKind } from '../save';
import { isSweep, isSweeping } from '../sweep/rows';
import { DrawingControls } from './drawing';
import { Filter } from './filter';
import { LiveText } from './live';
import { exportItems, moreItems, wideForViews } from './menus';

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
  onExport(kind: ExportKind): void;
}): JSX.Element {
  const { state } = model;
  const narrow = width < 700;
  const sweeping = isSweeping(model);
  const canSweep = isSweep(model);
  return (
    <div class="bar" role="toolbar" aria-label="Curves">
      <Filter model={model} narrow={narrow} />
      {canSweep && width >= wideForViews && (
        <Segmented
          label="View"
          name="view"
          value={state.view}
          options={views}
          onChange={(view) => model.patch({ view, table: false })}
        />
      )}
      {sweeping ? <Target model={model} /> : <DrawingControls model={model} width={width} />}
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
      <Menu icon="export" label="Export" items={exportItems(onExport)} />
      <Menu icon="more" label="More" items={moreItems(model, width)} />
    </div>
  );
}

/** What the configs of a sweep are compared by. */
function Target({ model }: { model: CurvesModel }): JSX.Element {
  return (
    <>
      <span class="secondary">Target</span>
      <Select
        label="Target"
        value={model.state.target}
        options={targets}
        onChange={(target) => model.patch({ target, brushes: {} })}
      />
    </>
  );
}
