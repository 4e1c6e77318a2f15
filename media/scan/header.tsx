/** @file The bar: what is inspected, on which example, in which view. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { defaultRows, rowNames } from '../../src/figures/scan/layout';
import { IconButton, Menu, Segmented, Select, type MenuItem } from '../shared/controls';
import { Icon } from '../shared/icons';
import { NumberField } from '../shared/number-field';
import { views, type Inspection, type ViewName } from '../../src/protocol/view-scan';
import { unavailable } from './available';
import type { ExportKind } from './export';
import type { ScanModel } from './model';
import { parseTokens } from './tokens';

export function Header({
  model,
  width,
  onExport,
  onCopy,
}: {
  model: ScanModel;
  width: number;
  onExport(kind: ExportKind): void;
  onCopy(): void;
}): JSX.Element {
  const { state, inspection } = model;
  const [typing, setTyping] = useState(false);
  const narrow = width < 700;
  return (
    <div class="bar" role="toolbar" aria-label="Scan">
      <Icon name="beaker" />
      <span class="name" title={model.name}>
        {model.name}
      </span>
      {!narrow && <span class="secondary">{inspection ? stateOf(inspection) : ''}</span>}
      <ExamplePicker model={model} narrow={narrow} />
      <IconButton
        icon="edit"
        label={typing ? 'Use examples of the data' : 'Type tokens instead'}
        pressed={typing || state.ids !== null}
        onClick={() => {
          if (state.ids !== null) model.patch({ ids: null });
          setTyping(state.ids !== null ? false : !typing);
        }}
      />
      {typing && !narrow && <TokenInput model={model} />}
      {width >= 460 && <ViewSwitch model={model} compact={width < 1000 || (typing && width < 1300)} />}
      <span class="spring" />
      {model.newer !== undefined && (
        <button type="button" class="link" onClick={() => model.ask()}>
          {model.newer === true ? 'Newer checkpoint' : `Show step ${model.newer.toLocaleString('en')}`}
        </button>
      )}
      <IconButton
        icon={state.table === null ? 'table' : 'chart'}
        label={state.table === null ? 'Show data as table (T)' : 'Show the picture (T)'}
        testid="show-table"
        pressed={state.table !== null}
        onClick={() => model.patch({ table: state.table === null ? model.firstTable : null })}
      />
      <Menu icon="export" label="Export" items={exportItems(onExport, onCopy)} />
      <Menu
        icon="more"
        label={state.view === 'sequence' ? 'Rows and more' : 'More'}
        items={moreItems(model)}
      />
    </div>
  );
}

/** How far the model was trained. */
const stateOf = ({ step }: Inspection): string =>
  step === undefined ? 'untrained' : `checkpoint at step ${step.toLocaleString('en')}`;

function moreItems(model: ScanModel): (MenuItem | 'separator')[] {
  const { state } = model;
  const rows = defaultRows
    .filter((id) => id !== 'parts' || model.scan?.other)
    .map((id) => ({
      label: rowNames[id],
      checked: state.rows[id] ?? true,
      run: () => {
        const { rows } = model.state;
        model.patch({ rows: { ...rows, [id]: !(rows[id] ?? true) } });
      },
    }));
  return [
    ...(state.view === 'sequence' ? [...rows, 'separator' as const] : []),
    { label: 'Read the newest checkpoint', run: () => model.ask() },
    { label: 'Open Curves', run: () => model.send({ type: 'command', command: 'curves' }) },
    { label: 'Show Log', run: () => model.send({ type: 'command', command: 'log' }) },
  ];
}

const exportItems = (
  onExport: (kind: ExportKind) => void,
  onCopy: () => void,
): (MenuItem | 'separator')[] => [
  { label: 'Save picture as PNG…', run: () => onExport('png') },
  { label: 'Save figure as SVG…', run: () => onExport('svg') },
  { label: 'Save numbers as CSV…', run: () => onExport('csv') },
  { label: 'Save numbers as JSON…', run: () => onExport('json') },
  'separator',
  { label: 'Copy numbers as CSV', run: onCopy },
];

export const viewNames: Record<ViewName, string> = {
  sequence: 'Sequence',
  memory: 'Memory',
  attention: 'Attention',
  kernel: 'Kernel',
  order: 'Scan order',
  training: 'Training',
};

/** Views that the layer does not have stay in their place, so that the keys 1 – 6 keep their meaning. */
export function ViewSwitch({ model, compact }: { model: ScanModel; compact: boolean }): JSX.Element {
  const choose = (view: ViewName): void => model.patch({ view, table: null });
  const options = views.map((value, k) => {
    const why = unavailable(model, value);
    const chosen = value === model.state.view;
    return {
      value,
      label: viewNames[value],
      title: why ?? `${viewNames[value]} (${k + 1})`,
      ...(why === undefined || chosen ? {} : { disabled: true }),
    };
  });
  return compact ? (
    <Select label="View" value={model.state.view} options={options} onChange={choose} />
  ) : (
    <Segmented label="View" name="view" value={model.state.view} options={options} onChange={choose} />
  );
}

function ExamplePicker({ model, narrow }: { model: ScanModel; narrow: boolean }): JSX.Element {
  const { state, inspection } = model;
  const last = inspection?.examples === undefined ? undefined : inspection.examples - 1;
  if (state.ids !== null) return <span class="secondary">typed tokens</span>;
  return (
    <label class="example">
      {!narrow && <span class="secondary">example</span>}
      <NumberField
        label="Example"
        min={0}
        max={last}
        clamped
        value={state.example}
        onChange={(example) => model.patch({ example, position: null })}
      />
      {last !== undefined && !narrow && (
        <span class="secondary">{`of ${(last + 1).toLocaleString('en')}`}</span>
      )}
    </label>
  );
}

function TokenInput({ model }: { model: ScanModel }): JSX.Element {
  const [problem, setProblem] = useState<string>();
  const vocabulary = model.inspection?.vocabulary;
  return (
    <span class="typed">
      <input
        type="text"
        class="mono"
        aria-label="Tokens"
        aria-invalid={problem !== undefined}
        placeholder={vocabulary ? 'type tokens, Enter shows them' : 'ids apart by spaces, Enter shows them'}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          const parsed = parseTokens(event.currentTarget.value, vocabulary);
          if ('problem' in parsed) setProblem(parsed.problem);
          else {
            setProblem(undefined);
            model.patch({ ids: parsed.ids, position: null });
          }
        }}
      />
      {problem && (
        <span class="is-error" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}
