/** @file The lines of a large chart: the worker's last picture, moved to where its rows are now until the next one comes. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { clipOf, type Chart, type LayerFacts } from '../../../src/figures/curves/chart';
import type { Picture } from './layers';
import type { CurvesModel } from '../model';

/** Before the first picture. */
export const nothingYet: LayerFacts = { extent: [Infinity, -Infinity], ends: new Map() };

let charts = 0;

/** Asks for a picture of the chart as it is now. */
export function useLineLayer(
  model: CurvesModel,
  chart: Chart,
  large: boolean,
  show: (picture: Picture) => void,
): void {
  const id = useRef(0);
  useLayoutEffect(() => {
    const own = (id.current = ++charts);
    return () => model.layers.leave(own);
  }, [model]);
  const { metric, view, frame } = chart;
  const ratio = window.devicePixelRatio || 1;
  // Before the page is painted, which the worker need not wait for.
  useLayoutEffect(() => {
    if (!large) return;
    const groups = model.layerGroups(chart.lines.map((line) => line.group));
    const smoothing = model.smoothing(metric);
    model.layers.ask(id.current, { metric, smoothing, groups, view, frame, theme: model.theme, ratio }, show);
  }, [model.version, metric, frame, large, ratio]);
}

export function LineLayer({ chart, picture }: { chart: Chart; picture: Picture | undefined }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const clip = clipOf(chart.plot);
  useLayoutEffect(() => {
    if (!canvas.current || !picture) return;
    const { width, height } = picture.picture;
    // Setting an extent clears the canvas, even where it is the same.
    if (canvas.current.width !== width) canvas.current.width = width;
    if (canvas.current.height !== height) canvas.current.height = height;
    canvas.current.getContext('bitmaprenderer')?.transferFromImageBitmap(picture.picture);
  }, [picture]);
  useLayoutEffect(() => {
    if (!canvas.current || !picture) return;
    const { style } = canvas.current;
    const [low, high] = picture.of.view.xDomain;
    const left = chart.x.map(low) - chart.plot.x;
    const scale = (chart.x.map(high) - chart.x.map(low)) / chart.plot.width;
    style.width = `${clip.width}px`;
    style.height = `${clip.height}px`;
    style.transform = scale === 1 && left === 0 ? '' : `translateX(${left}px) scaleX(${scale})`;
  }, [chart, picture]);
  return (
    <div
      class="lines"
      ref={(element) => {
        // As properties, which the content security policy allows.
        if (!element) return;
        element.style.left = `${clip.x}px`;
        element.style.top = `${clip.y}px`;
        element.style.width = `${clip.width}px`;
        element.style.height = `${clip.height}px`;
      }}
      aria-hidden="true"
    >
      <canvas ref={canvas} />
    </div>
  );
}
