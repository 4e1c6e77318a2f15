/** @file All other metrics as a grid of small charts, grouped by the first part of their names. */
import type { JSX } from 'preact';
import type { Metric } from '../../../src/figures/curves/metrics';
import type { PartProps } from '../part';
import { ChartPanel } from './panel';

/** `layers.0` of `layers.0.rms`; one group for what has no parts. */
const groupOf = ({ column }: Metric): string => {
  const at = column.lastIndexOf('.');
  return at < 0 ? '' : column.slice(0, at);
};

export function MoreCharts({ model, width, measure }: PartProps): JSX.Element | null {
  const others = model.others();
  if (others.length === 0) return null;
  const columns = width >= 1000 ? 3 : width >= 620 ? 2 : 1;
  const inner = Math.floor((width - 32 - 24 * (columns - 1)) / columns);
  const frame = {
    width: inner,
    height: 128,
    left: 44,
    right: 12,
    top: 8,
    bottom: 40,
    xLabels: true,
    yTicks: 2,
  };
  const byGroup = new Map<string, Metric[]>();
  for (const metric of others) {
    const key = groupOf(metric);
    byGroup.set(key, [...(byGroup.get(key) ?? []), metric]);
  }
  return (
    <details
      class="more"
      open={model.state.more}
      onToggle={(event) => {
        const { open } = event.currentTarget as HTMLDetailsElement;
        if (open !== model.state.more) model.patch({ more: open });
      }}
    >
      <summary>{`${others.length} more ${others.length === 1 ? 'metric' : 'metrics'}`}</summary>
      {model.state.more &&
        [...byGroup].map(([name, metrics]) => (
          <div key={name}>
            {name !== '' && <h3 class="secondary">{name}</h3>}
            <div class={`more-grid columns-${columns}`}>
              {metrics.map((metric) => (
                <ChartPanel
                  key={metric.id}
                  model={model}
                  metric={metric}
                  place={-1}
                  frame={frame}
                  gutter={false}
                  measure={measure}
                  notes={[]}
                  checkpoints={[]}
                />
              ))}
            </div>
          </div>
        ))}
    </details>
  );
}
