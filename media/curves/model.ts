/**
 * @file What the Curves panel knows: what the host has told of runs, and the view that survives a reload. Everything that
 * the parts of the panel ask for goes through here; what follows from runs and view stands in files of its own.
 */
import type { CurvesState, FromCurves, Rows, RunMeta, ToCurves } from '../../src/protocol/view-curves';
import type { RunStyle } from '../../src/figures/core/palette';
import type { Theme } from '../../src/figures/core/theme';
import type { Range } from '../../src/figures/core/ticks';
import type { ChartGroup } from '../../src/figures/curves/chart';
import { styleBy } from '../../src/figures/curves/colour-by';
import type { RunData } from '../../src/figures/curves/data';
import { matches, type RunGroup } from '../../src/figures/curves/groups';
import type { Metric } from '../../src/figures/curves/metrics';
import type { Series } from '../../src/figures/curves/series';
import type { SmoothOptions } from '../../src/figures/curves/smooth';
import { FrameSource } from '../shared/hooks';
import { availableMetrics, chartsOf, withChart } from './chart/choice';
import { chartGroupsOf, layerGroupsOf } from './chart/groups';
import { Cursor } from './chart/cursor';
import { fullDomain, partOf } from './chart/domain';
import { largeChart, Layers, type LayerWish } from './chart/layers';
import { CaughtUp } from './chart/series';
import { initialState, viewOnly } from './state';
import { Told } from './told';

export class CurvesModel extends FrameSource {
  readonly cursor = new Cursor();
  /** Paints the lines of charts with many rows. */
  readonly layers: Layers;
  state: CurvesState;
  theme!: Theme;
  /** Shows a frozen picture while runs go on. */
  paused = false;
  dismissed = new Set<string>();
  /** Counts changes of data, for what is memoised. */
  version = 0;
  /** Counts what the run table depends on: all but zoom and pin, which change with every wheel tick. */
  tableVersion = 0;
  private readonly told = new Told();
  private readonly series: CaughtUp;
  private soon: ReturnType<typeof setTimeout> | undefined;
  /** What came while the picture was frozen. */
  private held: ToCurves[] = [];

  constructor(
    restored: CurvesState | undefined,
    readonly send: (message: FromCurves) => void,
    private readonly save: (state: CurvesState) => void,
    /** Address of the worker's script. */
    worker: string,
  ) {
    super();
    this.layers = new Layers(worker, () => this.changed());
    this.series = new CaughtUp(
      (run) => this.dataOf(run),
      () => this.layers.busy,
      () => this.changed(),
    );
    this.state = restored ?? initialState;
  }

  get runs(): readonly RunMeta[] {
    return this.told.runs;
  }

  get groups(): readonly RunGroup[] {
    return this.told.groups;
  }

  get trainable(): string | undefined {
    return this.told.trainable;
  }

  /** False until the host has told which runs there are. */
  get loaded(): boolean {
    return this.told.loaded;
  }

  /** Rows on disk that are still on their way. */
  get pending(): number {
    return this.told.pending;
  }

  receive(message: ToCurves): void {
    if (this.paused && message.type !== 'focus') {
      this.held.push(message);
      return;
    }
    if (message.type === 'runs') {
      const first = !this.loaded;
      this.told.takeRuns(message);
      const ids = message.runs.map((run) => run.id);
      this.series.keep(new Set(ids));
      this.layers.keep(ids);
      const focused = message.focused ?? this.state.focused;
      this.keep({ runs: ids, focused: this.groups.some((g) => g.key === focused) ? focused : null });
      if (first && ids.length > 0) return this.changedSoon(60);
    } else if (message.type === 'rows') {
      this.told.takeRows(message);
      this.prepare(message.runs);
      if (this.pending > 0) return this.changedSoon(250);
    } else {
      const group = this.groups.find((g) => g.runs.some((run) => run.id === message.run));
      if (group)
        this.patch({ focused: group.key, hidden: this.state.hidden.filter((key) => key !== group.key) });
    }
    this.changed();
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
    return this.told.dataOf(id);
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
    return this.series.get(run, metric, this.state.axis, this.smoothing(metric));
  }

  /** Does what needs every row, as an export does. */
  whole<T>(action: () => T): T {
    return this.series.whole(action);
  }

  /** Lets the worker smooth rows of the main chart while more are on their way. */
  private prepare(rows: readonly Rows[]): void {
    if (this.told.rowCount(this.groups) + this.pending <= largeChart) return;
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
    return chartGroupsOf(this, metric, theme);
  }

  /** Whether the lines of a chart are painted by the worker. */
  isLarge(metric: Metric): boolean {
    return metric.table === 'train' && this.layers.usable && this.told.rowCount(this.visible()) > largeChart;
  }

  /** Groups as the worker is told of them. */
  layerGroups(groups: readonly ChartGroup[]): LayerWish['groups'] {
    return layerGroupsOf(this, groups);
  }

  /** The x range of everything shown. */
  fullDomain(): Range {
    return fullDomain(this.visible(), this.state.axis, (run) => this.dataOf(run));
  }

  domain(): Range {
    return this.state.zoom ?? this.fullDomain();
  }

  zoomTo(range: Range | null, yZoom: Range | null = null): void {
    const zoom = range && partOf(this.fullDomain(), range);
    if (zoom === undefined) return;
    this.patch({ zoom, yZoom: range && yZoom ? [yZoom[0], yZoom[1]] : null });
  }

  /** Metrics that some run has, in their order. */
  available(): Metric[] {
    return availableMetrics(this.groups.flatMap((group) => group.runs).map((run) => this.dataOf(run.id)));
  }

  /** Charts shown: the main one and up to three small ones. */
  charts(): Metric[] {
    return chartsOf(this.state.charts, this.available());
  }

  /** Metrics that no chart shows, for the grid below. */
  others(): Metric[] {
    const shown = new Set(this.charts().map(({ id }) => id));
    return this.available().filter(({ id }) => !shown.has(id));
  }

  setChart(place: number, id: string): void {
    this.patch({ charts: withChart(this.charts(), place, id) });
  }

  /** Milliseconds since the newest row of a live run came. */
  age(): number | undefined {
    return this.told.age();
  }

  focusedGroup(): RunGroup | undefined {
    return this.groups.find((group) => group.key === this.state.focused) ?? this.visible()[0];
  }
}
