/** @file The look of a run in small: its dashed line with its marker, and its curve as a sparkline. */
import type { JSX } from 'preact';
import { markerOutline } from '../../../src/figures/core/marker';
import type { RunStyle } from '../../../src/figures/core/palette';
import { growLog, type Range } from '../../../src/figures/core/ticks';
import { linearScale, logScale } from '../../../src/figures/core/scale';
import type { Series } from '../../../src/figures/curves/series';
import { tracePath } from '../../../src/figures/curves/trace';

const pathOf = (points: readonly number[], closed: boolean): string => {
  let text = '';
  let down = false;
  for (let i = 0; i + 1 < points.length; i += 2) {
    const y = points[i + 1] as number;
    if (Number.isNaN(y)) down = false;
    else {
      text += `${down ? 'L' : 'M'}${(points[i] as number).toFixed(1)} ${y.toFixed(1)}`;
      down = true;
    }
  }
  return closed ? `${text}Z` : text;
};

export function Swatch({ style }: { style: RunStyle }): JSX.Element {
  const outline = markerOutline(style.marker, 13, 8, 3.2);
  return (
    <svg class="swatch" width="26" height="16" viewBox="0 0 26 16" aria-hidden="true">
      <path
        d="M0 8H26"
        stroke={style.color}
        stroke-width="1.75"
        stroke-dasharray={style.dash.join(' ') || undefined}
        stroke-opacity={style.opacity}
      />
      {outline ? (
        <path class="ring" d={pathOf(outline, true)} fill={style.color} />
      ) : (
        <circle class="ring" cx="13" cy="8" r="3.2" fill={style.color} />
      )}
    </svg>
  );
}

export function Sparkline({
  series,
  style,
  log,
  domain,
}: {
  series: Series;
  style: RunStyle;
  log: boolean;
  domain: Range;
}): JSX.Element {
  const out: [number, number] = [0, 0];
  series.shownRange.query(0, series.length, out);
  let d = '';
  if (out[1] >= out[0] && series.length > 1) {
    const x = linearScale(domain, [0, 64]);
    const usable = log && out[0] > 0;
    const flat: Range = out[0] === out[1] ? [out[0] - 1, out[1] + 1] : out;
    const y = usable ? logScale(growLog(out), [15, 1]) : linearScale(flat, [15, 1]);
    d = pathOf(
      tracePath(series, { values: series.shown, extremes: series.shownRange }, x, y, [0, series.length]),
      false,
    );
  }
  return (
    <svg class="sparkline" width="64" height="16" viewBox="0 0 64 16" aria-hidden="true">
      <path d={d} stroke={style.color} stroke-width="1" fill="none" />
    </svg>
  );
}
