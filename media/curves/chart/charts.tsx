/** @file The main chart and the small ones beside or below it. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ChartFrame } from '../../../src/figures/curves/chart';
import { waitingText } from '../messages';
import type { PartProps } from '../part';
import { checkpointsOf, notesOf } from './notes';
import { ChartPanel } from './panel';

function framesOf(width: number): { main: ChartFrame; side: ChartFrame; last: ChartFrame } {
  const base = { left: 44, top: 8, xLabels: true };
  if (width < 700) {
    const inner = width - 32;
    const main = { ...base, width: inner, height: 246, right: 4, bottom: 40, yTicks: 4 };
    const side = { ...base, width: inner, height: 120, right: 4, bottom: 40, yTicks: 2 };
    return { main, side, last: side };
  }
  const wide = width >= 1000;
  const inner = width - 32;
  const mainWidth = wide ? Math.floor((inner - 24) * 0.645) : inner;
  const sideWidth = wide ? inner - 24 - mainWidth : inner;
  const main = { ...base, width: mainWidth, height: wide ? 366 : 280, right: 168, bottom: 40, yTicks: 5 };
  const side = { ...base, width: sideWidth, height: 97, right: 16, bottom: 9, yTicks: 3, xLabels: false };
  return { main, side, last: { ...side, height: 128, bottom: 40, xLabels: true } };
}

export function Charts({ model, width, measure }: PartProps): JSX.Element {
  const frames = useMemo(() => framesOf(width), [width]);
  const notes = useMemo(() => notesOf(model), [model.version]);
  const checkpoints = useMemo(() => checkpointsOf(model), [model.version]);
  const narrow = width < 700;
  const charts = model.charts();
  return (
    <div class="charts">
      {charts.slice(0, narrow ? 2 : 4).map((metric, place) => {
        const common = { model, metric, place, measure };
        return place === 0 ? (
          <ChartPanel
            key={place}
            {...common}
            frame={frames.main}
            gutter={!narrow}
            notes={notes}
            checkpoints={checkpoints}
            message={waitingText(model)}
          />
        ) : (
          <ChartPanel
            key={place}
            {...common}
            frame={place === charts.length - 1 ? frames.last : frames.side}
            gutter={false}
            notes={[]}
            checkpoints={[]}
          />
        );
      })}
    </div>
  );
}
