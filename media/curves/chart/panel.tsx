/** @file One chart: title, canvas of the lines, canvas of the cursor above it; a layer of lines where there are many rows. */
import type { JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { drawChart, type Chart, type ChartFrame, type ChartView } from '../../../src/figures/curves/chart';
import type { ChartNote } from '../../../src/figures/curves/notes';
import { drawOverlay } from '../../../src/figures/curves/overlay';
import { chartSummary } from '../../../src/figures/curves/summary';
import type { Metric } from '../../../src/figures/curves/metrics';
import type { Measure } from '../../../src/figures/core/scene';
import { paint, SceneCanvas } from '../../shared/canvas';
import { Select } from '../../shared/controls';
import type { Picture } from './layers';
import { LineLayer, nothingYet, useLineLayer } from './line-layer';
import type { CurvesModel } from '../model';
import { useKeys } from './keys';
import { usePointer } from './pointer';

export interface ChartPanelProps {
  readonly model: CurvesModel;
  readonly metric: Metric;
  /** Place among the chosen charts; −1 in the grid of all others. */
  readonly place: number;
  readonly frame: ChartFrame;
  readonly gutter: boolean;
  readonly measure: Measure;
  readonly notes: readonly ChartNote[];
  readonly checkpoints: readonly number[];
  readonly message?: string | undefined;
  /** Text at the right of the title, for charts without a gutter. */
  readonly aside?: string | undefined;
}

export function unitLine(model: CurvesModel, metric: Metric, long: boolean): string {
  const { smoothing, envelope, oneSided } = model.state;
  const parts = [long || metric.id !== 'loss' ? metric.unit : 'nats'];
  if (model.useLog(metric)) parts.push('log');
  if (long && metric.smooth && smoothing > 0) {
    parts.push(
      `${oneSided ? 'EMA, one-sided,' : 'local linear EMA'} ${smoothing}${envelope ? ' over min–max of raw' : ''}`,
    );
  }
  return parts.filter(Boolean).join(' · ');
}

export function ChartPanel(props: ChartPanelProps): JSX.Element {
  const { model, metric, gutter, measure } = props;
  const root = useRef<HTMLDivElement>(null);
  const latest = useRef<Chart>(null);
  const { chart, picture } = useChart(props);
  latest.current = chart;
  usePointer(root, latest, model, metric.id);
  useKeys(root, latest, model);
  const overlay = useOverlay(model, metric, chart, gutter, measure);
  const large = model.isLarge(metric);
  const summaryId = `summary-${metric.id}`;
  return (
    <section class="chart" data-metric={metric.id}>
      <Title {...props} />
      <div
        class="plot"
        ref={root}
        tabIndex={0}
        role="img"
        aria-label={`${metric.title}, ${unitLine(model, metric, true)}, ${chart.lines.length} series`}
        aria-describedby={summaryId}
        data-plot={`${chart.plot.x},${chart.plot.y},${chart.plot.width},${chart.plot.height}`}
        data-lines={large ? (picture ? 'worker' : 'waiting') : 'page'}
        data-ends={chart.lines.filter((line) => line.end).length}
        data-x-domain={chart.x.domain.join(',')}
        data-y-domain={chart.y.domain.join(',')}
      >
        <SceneCanvas scene={chart.scene} />
        {large && <LineLayer chart={chart} picture={picture} />}
        <canvas ref={overlay} class="overlay" aria-hidden="true" />
      </div>
      <p id={summaryId} class="sr-only">
        {chartSummary(chart)}
      </p>
    </section>
  );
}

/** The chart as it is drawn, and the lines that the worker has painted where there are many rows. */
function useChart(props: ChartPanelProps): { chart: Chart; picture: Picture | undefined } {
  const { model, metric, place, frame, measure, notes, checkpoints, message } = props;
  const large = model.isLarge(metric);
  const [latest, setPicture] = useState<Picture>();
  // Of another metric until the first of this one comes.
  const picture = latest?.of.metric === metric.id ? latest : undefined;
  const chart = useMemo(() => {
    const { axis, yZoom, envelope, clipOutliers } = model.state;
    const view: ChartView = {
      axis,
      xDomain: model.domain(),
      yZoom: place === 0 ? (yZoom ?? undefined) : undefined,
      log: model.useLog(metric),
      envelope: envelope && place === 0,
      clipOutliers,
    };
    return drawChart(model.chartGroups(metric), metric, view, frame, model.theme, measure, {
      notes,
      checkpoints,
      ...(message ? { message } : {}),
      ...(large ? { layer: picture ?? nothingYet } : {}),
    });
  }, [model.version, metric, frame, measure, message, large, picture]);
  useLineLayer(model, chart, large, setPicture);
  return { chart, picture };
}

/** The canvas above the chart: what follows the pointer is drawn there, without the chart being drawn anew. */
function useOverlay(
  model: CurvesModel,
  metric: Metric,
  chart: Chart,
  gutter: boolean,
  measure: Measure,
): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(chart);
  latest.current = chart;
  const draw = (): void => {
    if (!canvas.current) return;
    const { cursor, state } = model;
    const view = {
      cursor: state.pinned ?? cursor.at,
      pinned: state.pinned !== null,
      hovered: cursor.hovered,
      drag: cursor.drag?.chart === metric.id ? cursor.drag : undefined,
    };
    paint(canvas.current, drawOverlay(latest.current, view, model.theme, measure, gutter));
  };
  useLayoutEffect(draw, [chart, gutter]);
  useEffect(() => model.cursor.subscribe(draw), [model, metric, gutter, measure]);
  return canvas;
}

/** The metric, which can be changed where the chart has a place of its own, and how it is drawn. */
function Title({ model, metric, place, gutter, aside }: ChartPanelProps): JSX.Element {
  const options = useMemo(() => {
    const available = model.available();
    return [...(available.includes(metric) ? [] : [metric]), ...available].map((entry) => ({
      value: entry.id,
      label: entry.title,
    }));
  }, [model.version, metric]);
  return (
    <h2 class="chart-title">
      {place < 0 ? (
        <span>{metric.title}</span>
      ) : (
        <Select
          plain
          label={`Metric of chart ${place + 1}`}
          value={metric.id}
          options={options}
          onChange={(id) => model.setChart(place, id)}
        />
      )}
      <span class="secondary unit">{unitLine(model, metric, gutter)}</span>
      {aside && <span class="secondary aside">{aside}</span>}
    </h2>
  );
}
