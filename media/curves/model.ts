/** @file What the Curves panel knows: runs, their rows, and the view that survives a reload. */
import type { CurvesState, FromCurves, Rows, RunMeta, ToCurves } from '../../src/protocol/view-curves';
import { RunData, xColumn, type XAxis } from '../../src/figures/curves/data';
import type { ChartGroup } from '../../src/figures/curves/chart';
import { groupRuns, matches, type RunGroup } from '../../src/figures/curves/groups';
import { furtherMetrics, hasMetric, metricOf, metrics, type Metric } from '../../src/figures/curves/metrics';
import type { Series } from '../../src/figures/curves/series';
import { SeriesStore } from '../../src/figures/curves/store';
import type { SmoothOptions } from '../../src/figures/curves/smooth';
import { ceil125, type Range } from '../../src/figures/core/ticks';
import type { RunStyle } from '../../src/figures/core/palette';
import { styleBy } from '../../src/figures/curves/colour-by';
import type { Theme } from '../../src/figures/core/theme';
import { FrameSource } from '../shared/hooks';
import { largeChart, Layers, type LayerWish } from './layers';

export const smoothings = [0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999];

export const initialState: CurvesState = {
  version: 1,
  runs: [],
  panel: 'all',
  axis: 'step',
  smoothing: 0.95,
  oneSided: false,
  logY: true,
  envelope: true,
  clipOutliers: false,
  zoom: null,
  yZoom: null,
  hidden: [],
  focused: null,
  pinned: null,
  filter: '',
  sort: null,
  charts: [],
  table: false,
  more: false,
  view: 'curves',
  colourBy: 'config',
  target: 'loss',
  brushes: {},
  axisOrder: [],
};

/** New rows of a series that are taken in where they are asked for. */
const rowsAtOnce = 5000;

/** What changes with every movement of the pointer and nothing in the tables. */
const viewOnly: ReadonlySet<string> = new Set(['zoom', 'yZoom', 'pinned', 'brushes', 'axisOrder']);

/** Pointer position shared by all charts; changes far more often than the model. */
export class Cursor extends FrameSource {
  at: number | undefined;
  hovered: string | undefined;
  drag: { chart: string; x0: number; x1: number; y0?: number; y1?: number } | undefined;

  set(patch: Partial<Pick<Cursor, 'at' | 'hovered' | 'drag'>>): void {
    Object.assign(this, patch);
    this.notify();
  }
}

export class CurvesModel extends FrameSource {
  readonly cursor = new Cursor();
  /** Paints the lines of charts with many rows. */
  readonly layers: Layers;
  state: CurvesState;
  theme!: Theme;
  runs: readonly RunMeta[] = [];
  groups: readonly RunGroup[] = [];
  trainable: string | undefined;
  /** False until the host has told which runs there are. */
  loaded = false;
  /** Rows on disk that are still on their way. */
  pending = 0;
  /** Shows a frozen picture while runs go on. */
  paused = false;
  /** Difference of the host's clock and ours, ms. */
  clockOffset = 0;
  dismissed = new Set<string>();
  /** Counts changes of data, for what is memoised. */
  version = 0;
  /** Counts what the run table depends on: all but zoom and pin, which change with every wheel tick. */
  tableVersion = 0;
  private readonly data = new Map<string, RunData>();
  private readonly series = new SeriesStore((run) => this.dataOf(run));
  /** Series with many new rows, taken in bit by bit beside the frames. */
  private readonly waiting = new Set<Series>();
  private soon: ReturnType<typeof setTimeout> | undefined;
  private atOnce = false;
  private held: ToCurves[] = [];
  /** When rows of a run last came, by the host's clock. */
  private readonly rowsAt = new Map<string, number>();
  private known = new Set<string>();

  constructor(
    restored: CurvesState | undefined,
    readonly send: (message: FromCurves) => void,
    private readonly save: (state: CurvesState) => void,
    /** Address of the worker's script. */
    worker: string,
  ) {
    super();
    this.layers = new Layers(worker, () => this.changed());
    this.state = restored ?? initialState;
  }

  receive(message: ToCurves): void {
    if (this.paused && message.type !== 'focus') {
      this.held.push(message);
      return;
    }
    if (message.type === 'runs') {
      this.clockOffset = message.now - Date.now();
      this.runs = message.runs;
      this.groups = groupRuns(message.runs);
      this.trainable = message.trainable;
      const first = !this.loaded;
      this.loaded = true;
      const ids = message.runs.map((run) => run.id);
      for (const id of this.data.keys()) if (!ids.includes(id)) this.data.delete(id);
      this.series.keep(new Set(ids));
      this.layers.keep(ids);
      const focused = message.focused ?? this.state.focused;
      this.keep({ runs: ids, focused: this.groups.some((g) => g.key === focused) ? focused : null });
      if (first && ids.length > 0) return this.changedSoon(60);
    } else if (message.type === 'rows') {
      this.clockOffset = message.now - Date.now();
      this.pending = message.pending;
      for (const rows of message.runs) {
        this.takeRows(rows);
        // The first rows are old ones; the run's own time of writing is nearer to the truth.
        if (this.known.has(rows.id)) this.rowsAt.set(rows.id, message.now);
        else this.known.add(rows.id);
      }
      this.prepare(message.runs);
      if (this.pending > 0) return this.changedSoon(250);
    } else {
      const group = this.groups.find((g) => g.runs.some((run) => run.id === message.run));
      if (group)
        this.patch({ focused: group.key, hidden: this.state.hidden.filter((key) => key !== group.key) });
    }
    this.changed();
  }

  private takeRows(rows: Rows): void {
    const data = this.dataOf(rows.id);
    if (rows.reset) data.reset();
    for (const [name, table] of Object.entries(rows.tables))
      data.ensure(name).append(table.columns, table.count);
    if (rows.events) data.events = rows.events;
  }

  setPaused(paused: boolean): void {
    this.paused = paused;
    if (!paused) {
      const held = this.held;
      this.held = [];
      for (const message of held) this.receive(message);
    }
    this.notify();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.changed();
  }

  private keep(patch: Partial<CurvesState>): void {
    this.state = { ...this.state, ...patch };
    this.save(this.state);
  }

  /** Changes the view and keeps it for after a reload. */
  patch(patch: Partial<CurvesState>): void {
    this.keep(patch);
    this.version++;
    if (Object.keys(patch).some((key) => !viewOnly.has(key))) this.tableVersion++;
    this.notify();
  }

  dataOf(id: string): RunData {
    let data = this.data.get(id);
    if (!data) this.data.set(id, (data = new RunData()));
    return data;
  }

  /** Groups that the filter lets through. */
  listed(): readonly RunGroup[] {
    return this.groups.filter((group) => matches(group, this.state.filter));
  }

  /** Groups that are drawn. */
  visible(): readonly RunGroup[] {
    const hidden = new Set(this.state.hidden);
    return this.listed().filter((group) => !hidden.has(group.key));
  }

  toggle(key: string, only: boolean): void {
    const all = this.groups.map((group) => group.key);
    const hidden = new Set(this.state.hidden);
    if (only) this.patch({ hidden: all.filter((other) => other !== key) });
    else {
      if (!hidden.delete(key)) hidden.add(key);
      this.patch({ hidden: [...hidden] });
    }
  }

  useLog(metric: Metric): boolean {
    return metric.log ?? this.state.logY;
  }

  smoothing(metric: Metric): SmoothOptions {
    const { smoothing, oneSided } = this.state;
    return {
      beta: metric.smooth ? smoothing : 0,
      kind: oneSided ? 'one-sided' : 'centred',
      log: this.useLog(metric),
    };
  }

  /** With what has come so far, but for many rows at once: these are there a little later. */
  seriesOf(run: string, metric: Metric): Series {
    const series = this.series.get(run, metric, this.state.axis, this.smoothing(metric));
    if (this.atOnce || series.behind <= rowsAtOnce) series.update();
    else {
      if (this.waiting.size === 0) setTimeout(() => this.catchUp());
      this.waiting.add(series);
    }
    return series;
  }

  private catchUp(): void {
    // The picture comes first: it is what one looks at, and it wants the processor.
    if (this.layers.busy) {
      setTimeout(() => this.catchUp(), 50);
      return;
    }
    const until = performance.now() + 8;
    for (const series of this.waiting) {
      series.update();
      this.waiting.delete(series);
      if (performance.now() > until) break;
    }
    if (this.waiting.size > 0) setTimeout(() => this.catchUp());
    else this.changed();
  }

  /** Does what needs every row, as an export does. */
  whole<T>(action: () => T): T {
    this.atOnce = true;
    try {
      return action();
    } finally {
      this.atOnce = false;
    }
  }

  /** Lets the worker smooth rows of the main chart while more are on their way. */
  private prepare(rows: readonly Rows[]): void {
    if (this.rowCount(this.groups) + this.pending <= largeChart) return;
    const [metric] = this.charts();
    const { axis } = this.state;
    const shown = new Set(this.visible().flatMap((group) => group.runs.map((run) => run.id)));
    for (const { id } of rows)
      if (shown.has(id)) this.layers.prepare(id, this.dataOf(id), metric!, axis, this.smoothing(metric!));
  }

  /** Shows within some ms what has come when more is on its way, since pictures of a part delay the whole. */
  private changedSoon(within: number): void {
    this.soon ??= setTimeout(() => this.changed(), within);
  }

  /** What is shown has changed, or has to be drawn anew. */
  private changed(): void {
    clearTimeout(this.soon);
    this.soon = undefined;
    this.version++;
    this.tableVersion++;
    this.notify();
  }

  /** The look of a group: its own, or by the key that the user chose. */
  styleOf(group: RunGroup, theme = this.theme): RunStyle {
    return styleBy(this.state.colourBy, group, this.groups, theme);
  }

  chartGroups(metric: Metric, theme = this.theme): ChartGroup[] {
    return this.visible().map((group) => {
      const failed = group.runs.find((run) => run.status === 'failed');
      const last = failed ? this.dataOf(failed.id).lastStep : undefined;
      return {
        key: group.key,
        name: group.name,
        style: this.styleOf(group, theme),
        series: group.runs.map((run) => this.seriesOf(run.id, metric)),
        live: group.live,
        stale: group.runs.every((run) => run.status === 'interrupted'),
        ...this.lastHeard(group),
        ...(failed && last !== undefined
          ? {
              failed: {
                x: this.dataOf(failed.id).positionOf(last, this.state.axis),
                note: failedNote(this.dataOf(failed.id)),
              },
            }
          : {}),
      };
    });
  }

  /** Whether the lines of a chart are painted by the worker. */
  isLarge(metric: Metric): boolean {
    return metric.table === 'train' && this.layers.usable && this.rowCount(this.visible()) > largeChart;
  }

  /** Rows of training that have come. */
  private rowCount(groups: readonly RunGroup[]): number {
    const runs = groups.flatMap((group) => group.runs);
    return runs.reduce((sum, run) => sum + (this.dataOf(run.id).table('train')?.length ?? 0), 0);
  }

  /** Groups as the worker is told of them. */
  layerGroups(groups: readonly ChartGroup[]): LayerWish['groups'] {
    const known = new Map(this.groups.map((group) => [group.key, group]));
    return groups.map(({ key, style, live, stale }) => {
      const runs = known.get(key)!.runs.map((run) => run.id);
      return { key, style, live, stale, runs, data: runs.map((run) => this.dataOf(run)) };
    });
  }

  /** When an interrupted run was last heard of, for the note at its end. */
  private lastHeard(group: RunGroup): { note?: string } {
    const times = group.runs.map((run) => run.lastWrite ?? run.ended).filter((at) => at !== undefined);
    if (times.length === 0 || !group.runs.every((run) => run.status === 'interrupted')) return {};
    return { note: `last value ${new Date(Math.max(...times)).toLocaleTimeString('en-GB')}` };
  }

  /** The x range of everything shown; for steps up to what the configs plan, so nothing moves while runs go on. */
  fullDomain(): Range {
    const { axis } = this.state;
    let max = 0;
    for (const group of this.visible()) {
      for (const run of group.runs) {
        if (axis === 'step') {
          // A run that has ended early has no use for the steps that it will not take.
          const last = this.dataOf(run.id).lastStep ?? 0;
          max = Math.max(max, last, run.status === 'running' || last === 0 ? (run.steps ?? 0) : 0);
        } else max = Math.max(max, this.lastX(run.id, axis));
      }
    }
    if (max <= 0) return [0, axis === 'step' ? 1000 : 1];
    return [0, axis === 'step' ? max : growEnd(max)];
  }

  private lastX(id: string, axis: XAxis): number {
    return this.dataOf(id).table('train')?.column(xColumn[axis])?.last() ?? 0;
  }

  domain(): Range {
    return this.state.zoom ?? this.fullDomain();
  }

  zoomTo(range: Range | null, yZoom: Range | null = null): void {
    if (range) {
      const full = this.fullDomain();
      const low = Math.max(full[0], Math.min(range[0], range[1]));
      const high = Math.min(full[1], Math.max(range[0], range[1]));
      if (!(high - low > (full[1] - full[0]) * 1e-6)) return;
      const whole = low <= full[0] && high >= full[1];
      this.patch({ zoom: whole ? null : [low, high], yZoom: yZoom ? [yZoom[0], yZoom[1]] : null });
    } else this.patch({ zoom: null, yZoom: null });
  }

  /** Metrics that some run has, in their order. */
  available(): Metric[] {
    const all = this.groups.flatMap((group) => group.runs).map((run) => this.dataOf(run.id));
    return [...metrics, ...furtherMetrics(all)].filter((metric) =>
      all.some((data) => hasMetric(data, metric)),
    );
  }

  /** Charts shown: the main one and up to three small ones. */
  charts(): Metric[] {
    const available = this.available();
    const chosen = this.state.charts.map(metricOf);
    // The metric that is reported, then what goes wrong first, then speed.
    const reported = ['accuracy', 'bits', 'eval-loss'].map(metricOf);
    const first = reported.find((metric) => available.includes(metric)) ?? metricOf('accuracy');
    const usual = [metricOf('loss'), first, metricOf('grad-norm'), metricOf('throughput')];
    const picks = [...chosen, ...usual.filter((metric) => !chosen.includes(metric))];
    return picks.slice(0, 4);
  }

  /** Metrics that no chart shows, for the grid below. */
  others(): Metric[] {
    const shown = new Set(this.charts().map(({ id }) => id));
    return this.available().filter(({ id }) => !shown.has(id));
  }

  setChart(place: number, id: string): void {
    const ids = this.charts().map((metric) => metric.id);
    const other = ids.indexOf(id);
    if (other >= 0) ids[other] = ids[place]!;
    ids[place] = id;
    this.patch({ charts: ids });
  }

  /** Milliseconds since the newest row of a live run came. */
  age(): number | undefined {
    const times = this.runs
      .filter((run) => run.status === 'running')
      .map((run) => Math.max(run.lastWrite ?? 0, this.rowsAt.get(run.id) ?? 0))
      .filter((at) => at > 0);
    if (times.length === 0) return undefined;
    return Math.max(0, Date.now() + this.clockOffset - Math.max(...times));
  }

  focusedGroup(): RunGroup | undefined {
    return this.groups.find((group) => group.key === this.state.focused) ?? this.visible()[0];
  }
}

/** The end of an axis that grows: 1-2-5 in quarters, so the picture moves seldom. */
function growEnd(max: number): number {
  const step = ceil125(max / 5);
  return Math.ceil(max / step - 1e-9) * step;
}

function failedNote(data: RunData): string {
  const event = data.events.findLast((entry) => entry.event === 'non-finite');
  return event ? `NaN at ${event.step}` : 'failed';
}
