/** @file The two lines above the sequence: what is inspected, on which example, which layer and channel. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { percent, visible } from '../../src/figures/core/format';
import { quantityNames } from '../../src/figures/scan/heat';
import { defaultRows, rowNames, type ChannelQuantity } from '../../src/figures/scan/layout';
import { IconButton, Menu, Segmented, Select, type MenuItem } from '../shared/controls';
import { Icon } from '../shared/icons';
import { NumberField } from '../shared/number-field';
import { views, type ViewName } from '../../src/protocol/view-scan';
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
  const rowItems: MenuItem[] = defaultRows
    .filter((id) => id !== 'parts' || model.scan?.other)
    .map((id) => ({
      label: rowNames[id],
      checked: state.rows[id] ?? true,
      run: () => {
        const { rows } = model.state;
        model.patch({ rows: { ...rows, [id]: !(rows[id] ?? true) } });
      },
    }));
  const more: (MenuItem | 'separator')[] = [
    ...(state.view === 'sequence' ? [...rowItems, 'separator' as const] : []),
    { label: 'Read the newest checkpoint', run: () => model.ask() },
    { label: 'Open Curves', run: () => model.send({ type: 'command', command: 'curves' }) },
    { label: 'Show Log', run: () => model.send({ type: 'command', command: 'log' }) },
  ];
  const saved: (MenuItem | 'separator')[] = [
    { label: 'Save picture as PNG…', run: () => onExport('png') },
    { label: 'Save figure as SVG…', run: () => onExport('svg') },
    { label: 'Save numbers as CSV…', run: () => onExport('csv') },
    { label: 'Save numbers as JSON…', run: () => onExport('json') },
    'separator',
    { label: 'Copy numbers as CSV', run: onCopy },
  ];
  const step = inspection?.step;
  return (
    <div class="bar" role="toolbar" aria-label="Scan">
      <Icon name="beaker" />
      <span class="name" title={model.name}>
        {model.name}
      </span>
      {!narrow && (
        <span class="secondary">
          {inspection === undefined
            ? ''
            : step === undefined
              ? 'untrained'
              : `checkpoint at step ${step.toLocaleString('en')}`}
        </span>
      )}
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
      <Menu icon="export" label="Export" items={saved} />
      <Menu icon="more" label={state.view === 'sequence' ? 'Rows and more' : 'More'} items={more} />
    </div>
  );
}

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

export function LayerLine({ model, width }: { model: ScanModel; width: number }): JSX.Element {
  const { inspection, scan, state } = model;
  const layers = inspection?.layers ?? [];
  const narrow = width < 700;
  const options = layers.map(({ index, mixer }) => ({
    value: String(index),
    label: narrow ? `layers.${index}` : `layers.${index} ${mixer}`,
  }));
  const value = String(model.layer);
  const choose = (next: string): void => model.patch({ layer: Number(next) });
  const { target, prediction } = inspection ?? {};
  return (
    <div class="line">
      {layers.length > (width < 360 ? 1 : narrow ? 3 : 6) ? (
        <Select label="Layer" value={value} options={options} onChange={choose} />
      ) : (
        <Segmented label="Layer" name="layer" value={value} options={options} onChange={choose} />
      )}
      {scan && (state.view === 'sequence' || state.view === 'memory') && (
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
          {scan.other && state.view === 'sequence' && (
            <Segmented
              label="Direction of the scan"
              name="direction"
              value={state.direction}
              options={[
                {
                  value: 'forward',
                  label: width < 700 ? '→' : '→ left to right',
                  title: 'Left to right (D)',
                },
                {
                  value: 'backward',
                  label: width < 700 ? '←' : '← right to left',
                  title: 'Right to left (D)',
                },
              ]}
              onChange={(direction) => model.patch({ direction })}
            />
          )}
          {width >= 900 && state.view === 'sequence' && (
            <Select<ChannelQuantity>
              label="Quantity by channel"
              value={state.quantity}
              options={(Object.keys(quantityNames) as ChannelQuantity[]).map((quantity) => ({
                value: quantity,
                label: quantityNames[quantity],
              }))}
              onChange={(quantity) => model.patch({ quantity })}
            />
          )}
        </>
      )}
      <span class="spring" />
      {!narrow && prediction && (
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
      )}
    </div>
  );
}
