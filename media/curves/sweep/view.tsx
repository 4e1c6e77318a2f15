/** @file The Sweep view: parallel coordinates, the effect of each key, the best runs, the best curves. */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Measure } from '../../../src/figures/core/scene';
import { drawChart } from '../../../src/figures/curves/chart';
import { drawOverlay } from '../../../src/figures/curves/overlay';
import { metricOf } from '../../../src/figures/curves/metrics';
import { runStyle } from '../../../src/figures/core/palette';
import { configValue } from '../../../src/figures/core/format';
import {
  distinct,
  passes,
  ranked,
  resultTitles,
  sweepAxes,
  type SweepAxis,
  type SweepRow,
} from '../../../src/figures/sweep/axes';
import { drawEffects, effectsSummary } from '../../../src/figures/sweep/effects';
import { drawParallel, type Parallel } from '../../../src/figures/sweep/parallel';
import { SceneCanvas } from '../../shared/canvas';
import { LinkButton } from '../../shared/controls';
import { useSource } from '../../shared/hooks';
import { useSweepPointer } from './pointer';
import { SweepTable } from './table';
import { sweepOf, type Sweep } from './rows';
import type { CurvesModel } from '../model';

const height = 390;

/** "lr 3e−3 to 1e−2": what a brush holds, by the values inside it. */
function brushWords(axis: SweepAxis, [low, high]: readonly [number, number]): string {
  const inside = axis.ticks
    .filter(({ at }) => at >= low - 1e-9 && at <= high + 1e-9)
    .map(({ label }) => label);
  if (inside.length === 0) return axis.title;
  return `${axis.title} ${inside.length === 1 ? inside[0] : `${inside[0]} to ${inside.at(-1)}`}`;
}

export function SweepView({
  model,
  width,
  measure,
}: {
  model: CurvesModel;
  width: number;
  measure: Measure;
}): JSX.Element {
  useSource(model.cursor);
  const { state } = model;
  const sweep = useMemo(() => sweepOf(model), [model.tableVersion]);
  const { rows, keys } = sweep;
  const target = rows.some((row) => row.results[state.target] !== undefined) ? state.target : 'time';
  const axes = useMemo(
    () => sweepAxes(rows, keys, target, state.axisOrder),
    [rows, keys, target, state.axisOrder],
  );
  const wide = width >= 1000;
  const inner = width - 32;
  const left = wide ? Math.floor((inner - 24) * 0.655) : inner;
  const right = wide ? inner - 24 - left : inner;
  const [moving, setMoving] = useState<{ id: string; x: number }>();
  const hovered = model.cursor.hovered;
  const size = { width: left, height };
  const view = { target, brushes: state.brushes, hovered, moving };
  const parallel = useMemo(
    () => drawParallel(rows, axes, view, size, model.theme, measure),
    [rows, axes, state.brushes, hovered, moving, left, model.theme, measure],
  );
  const kept = useMemo(
    () => new Set(rows.filter((row) => passes(row, axes, state.brushes)).map(({ key }) => key)),
    [rows, axes, state.brushes],
  );
  const effects = useMemo(
    () =>
      drawEffects(rows, keys, { target, isKept: ({ key }) => kept.has(key), hovered }, right, model.theme),
    [rows, keys, target, kept, hovered, right, model.theme],
  );
  const root = useRef<HTMLDivElement>(null);
  const latest = useRef<Parallel>(parallel);
  latest.current = parallel;
  useSweepPointer(root, latest, model, setMoving);
  const brushed = axes.flatMap((axis) =>
    state.brushes[axis.id] ? [brushWords(axis, state.brushes[axis.id]!)] : [],
  );
  const order = ranked(rows, target);
  const best = order.find(({ key }) => kept.has(key));
  const words = `one line per config · ${model.theme.kind.includes('light') ? 'dark' : 'bright'} is better · five best on top`;
  return (
    <div class="sweep" data-testid="sweep" data-kept={kept.size} data-rows={rows.length}>
      <section class="sweep-main">
        <h2 class="chart-title">
          <span>Swept keys and results</span>
          <span class="secondary unit">{`${words}${brushed.length > 0 ? ` · brushed: ${brushed.join(', ')}` : ''}`}</span>
          {brushed.length > 0 && (
            <LinkButton onClick={() => model.patch({ brushes: {} })}>Clear brushes</LinkButton>
          )}
        </h2>
        <div
          class="plot parallel"
          ref={root}
          tabIndex={0}
          role="img"
          aria-label={`Parallel coordinates of ${rows.length} configs over ${axes.map(({ title }) => title).join(', ')}`}
          aria-describedby="sweep-summary"
          data-axes={parallel.axes.map(({ axis, x }) => `${axis.id}:${Math.round(x)}`).join(' ')}
          data-span={`${parallel.top},${parallel.bottom}`}
        >
          <SceneCanvas scene={parallel.scene} />
        </div>
        <p id="sweep-summary" class="sr-only">
          {best
            ? `Best ${resultTitles[target].title}: ${best.name}. ${kept.size} of ${rows.length} configs pass the brushes.`
            : 'No config has a result yet.'}
        </p>
        <SweepTable
          model={model}
          sweep={sweep}
          rows={order.filter(({ key }) => kept.has(key))}
          target={target}
        />
      </section>
      <section class="sweep-side">
        <h2 class="chart-title">
          <span>Effect of each key</span>
          <span class="secondary unit">{`${resultTitles[target].title} of every config · tick is the median`}</span>
        </h2>
        <div class="plot" role="img" aria-label="Effect of each key" aria-describedby="effects-summary">
          <SceneCanvas scene={effects} />
        </div>
        <p id="effects-summary" class="secondary sentence">
          {effectsSummary(
            rows.filter(({ key }) => kept.has(key)),
            keys,
            target,
          )}
        </p>
        <BestCurves
          model={model}
          sweep={sweep}
          order={order.filter(({ key }) => kept.has(key))}
          width={right}
          measure={measure}
        />
      </section>
    </div>
  );
}

/** The best config of each value of the first key that is written in words, else of the first key. */
function BestCurves({
  model,
  sweep,
  order,
  width,
  measure,
}: {
  model: CurvesModel;
  sweep: Sweep;
  order: readonly SweepRow[];
  width: number;
  measure: Measure;
}): JSX.Element | null {
  const { keys, rows } = sweep;
  const key = keys.find((name) => distinct(rows, name).some((value) => typeof value === 'string')) ?? keys[0];
  const metric = metricOf('loss');
  const scene = useMemo(() => {
    if (key === undefined) return undefined;
    const values = distinct(rows, key).slice(0, 8);
    const all = new Map(model.chartGroups(metric).map((group) => [group.key, group]));
    const chosen = values.flatMap((value, index) => {
      const row = order.find((candidate) => candidate.values[key] === value);
      const group = row && all.get(row.key);
      return group ? [{ ...group, name: configValue(value), style: runStyle(index, model.theme) }] : [];
    });
    if (chosen.length === 0) return undefined;
    const view = {
      axis: model.state.axis,
      xDomain: model.fullDomain(),
      log: model.useLog(metric),
      envelope: false,
      clipOutliers: model.state.clipOutliers,
      yZoom: undefined,
    };
    const frame = { width, height: 230, left: 44, right: 150, top: 8, bottom: 40, xLabels: true, yTicks: 4 };
    const chart = drawChart(chosen, metric, view, frame, model.theme, measure);
    const still = { cursor: undefined, pinned: false, hovered: undefined };
    const labels = drawOverlay(chart, still, model.theme, measure, true);
    return { ...chart.scene, marks: [...chart.scene.marks, ...labels.marks] };
  }, [key, rows, order.map((row) => row.key).join(), width, model.version, measure]);
  if (!scene || key === undefined) return null;
  return (
    <>
      <h2 class="chart-title">
        <span>{`Best of each ${key}`}</span>
        <span class="secondary unit">{`training loss, nats${model.useLog(metric) ? ' · log' : ''}`}</span>
      </h2>
      <div class="plot" role="img" aria-label={`Training loss of the best config of each ${key}`}>
        <SceneCanvas scene={scene} />
      </div>
    </>
  );
}
