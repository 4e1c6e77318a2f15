/** @file One chart: title, canvas of the lines, canvas of the cursor above it; a layer of lines where there are many rows. */
import type { JSX } from 'preact';
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
  const { model, metric, frame, gutter, measure } = props;
  const root = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const latest = useRef<Chart>(null);
  const large = model.isLarge(metric);
  const [latestPicture, setPicture] = useState<Picture>();
  // Of another metric until the first of this one comes.
  const picture = latestPicture?.of.metric === metric.id ? latestPicture : undefined;
  const chart = useMemo(() => {
    const groups = model.chartGroups(metric);
    const view: ChartView = {
      axis: model.state.axis,
      xDomain: model.domain(),
      yZoom: props.place === 0 ? (model.state.yZoom ?? undefined) : undefined,
      log: model.useLog(metric),
      envelope: model.state.envelope && props.place === 0,
      clipOutliers: model.state.clipOutliers,
    };
    return drawChart(groups, metric, view, frame, model.theme, measure, {
      notes: props.notes,
      checkpoints: props.checkpoints,
      ...(props.message ? { message: props.message } : {}),
      ...(large ? { layer: picture ?? nothingYet } : {}),
    });
  }, [model.version, metric, frame, measure, props.message, large, picture]);
  useLineLayer(model, chart, large, setPicture);
  latest.current = chart;
  usePointer(root, latest, model, metric.id);
  useKeys(root, latest, model);

  const drawTop = (): void => {
    if (!overlay.current || !latest.current) return;
    const { cursor, state } = model;
    const view = {
      cursor: state.pinned ?? cursor.at,
      pinned: state.pinned !== null,
      hovered: cursor.hovered,
      drag: cursor.drag?.chart === metric.id ? cursor.drag : undefined,
    };
    paint(overlay.current, drawOverlay(latest.current, view, model.theme, measure, gutter));
  };
  useLayoutEffect(drawTop, [chart, gutter]);
  useEffect(() => model.cursor.subscribe(drawTop), [model, metric, gutter]);

  const options = useMemo(() => {
    const available = model.available();
    return [...(available.includes(metric) ? [] : [metric]), ...available].map((entry) => ({
      value: entry.id,
      label: entry.title,
    }));
  }, [model.version, metric]);
  const summaryId = `summary-${metric.id}`;
  return (
    <section class="chart" data-metric={metric.id}>
      <h2 class="chart-title">
        {props.place < 0 ? (
          <span>{metric.title}</span>
        ) : (
          <Select
            plain
            label={`Metric of chart ${props.place + 1}`}
            value={metric.id}
            options={options}
            onChange={(id) => model.setChart(props.place, id)}
          />
        )}
        <span class="secondary unit">{unitLine(model, metric, gutter)}</span>
        {props.aside && <span class="secondary aside">{props.aside}</span>}
      </h2>
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
