/** @file What the Scan panel knows: the layer on the example it asked for, and the selection that survives a reload. */
import {
  scanStateSchema,
  type Frame,
  type FromScan,
  type InspectRequest,
  type Inspection,
  type Probe,
  type ScanState,
  type Survey,
  type ToScan,
  type ViewName,
} from '../../src/protocol/view-scan';
import { matricesOf, type LayerMatrices } from '../../src/figures/scan/attention/data';
import { fromScan, fromSurvey, type MemorySource } from '../../src/figures/scan/memory/source';
import { moved, showing, within, zoomed, type Window } from '../../src/figures/scan/attention/window';
import { stepsOf } from '../../src/figures/scan/order/options';
import { layersOf } from '../../src/figures/scan/training/view';
import type { Pick } from '../../src/figures/scan/figure';
import { defaultRows, type ChannelQuantity, type RowId } from '../../src/figures/scan/layout';
import { hasScan, Recurrence } from '../../src/figures/scan/recurrence';
import { scanSummary } from '../../src/figures/scan/step';
import type { Theme } from '../../src/figures/core/theme';
import { announce } from '../shared/announce';
import { FrameSource } from '../shared/hooks';
import { Pinned } from './pinned';

export const speeds = [1, 2, 4, 8, 16];

export const initialState = (target: string): ScanState => scanStateSchema.parse({ version: 1, target });

/** Grid cells that a playing route passes in a second. */
const CELLS_PER_SECOND = 20;

export class ScanModel extends FrameSource {
  state: ScanState;
  theme!: Theme;
  name = '';
  trained = true;
  /** Changes when the inspection does. */
  inspection: Inspection | undefined;
  scan: Recurrence | undefined;
  failure: string | undefined;
  newer: number | true | undefined;
  playing = false;
  /** Position that is pointed at. */
  linked: number | undefined;
  /** All layers on this example, when a view has asked for them. */
  survey: Survey | undefined;
  matrices: readonly LayerMatrices[] = [];
  /** Arrays of the kernel view, of the layer that is shown. */
  filters: Readonly<Record<string, Probe>> | undefined;
  frames: readonly Frame[] = [];
  frameTokens: readonly string[] = [];
  losses: readonly (readonly [number, number])[] = [];
  /** The survey of the run or checkpoint that stands beside this one. */
  readonly pinned = new Pinned(this);
  private surveyed = '';
  private filtered = '';
  /** Requests without an answer, by number. */
  private readonly waiting = new Set<number>();
  private request = 0;
  private asked: InspectRequest | undefined;
  private timer: number | undefined;

  constructor(
    state: ScanState,
    readonly send: (message: FromScan) => void,
    private readonly save: (state: ScanState) => void,
  ) {
    super();
    this.state = state;
  }

  get busy(): boolean {
    return this.waiting.size > 0 || this.pinned.busy;
  }

  receive(message: ToScan): void {
    switch (message.type) {
      case 'target':
        this.name = message.name;
        this.trained = message.trained;
        // A layer that the user opened from the editor comes before the one of last time.
        if (message.layer !== undefined && this.inspection === undefined && this.state.layer === null)
          this.patch({ layer: message.layer });
        else if (message.layer !== undefined && this.inspection !== undefined)
          this.patch({ layer: message.layer });
        if (message.ids) {
          this.state = { ...this.state, ids: message.ids, position: null, zoom: null };
          this.save(this.state);
        }
        this.ask();
        break;
      case 'inspection':
        if (message.request === this.inspecting) this.take(message.inspection);
        this.done(message.request);
        this.askMore();
        break;
      case 'survey':
        if (this.pinned.take(message)) break;
        if (this.done(message.request) === 'survey') {
          this.survey = message.survey;
          this.matrices = matricesOf(message.survey);
        }
        break;
      case 'picked':
        this.pinned.show(message);
        break;
      case 'analysis':
        if (this.done(message.request) === 'filters') this.filters = message.arrays;
        break;
      case 'replay':
        this.frames = message.frames;
        this.frameTokens = message.tokens;
        this.losses = message.losses;
        break;
      case 'failed': {
        if (this.pinned.failed(message)) break;
        const what = this.done(message.request);
        if (what !== undefined || message.request === this.inspecting) this.failure = message.message;
        break;
      }
      case 'newer':
        this.newer = message.step ?? true;
        break;
    }
    this.notify();
  }

  private inspecting = 0;
  private readonly asking = new Map<number, 'survey' | 'filters'>();

  /** What a request was, when it is the newest of its kind. */
  private done(request: number): 'survey' | 'filters' | undefined {
    const what = this.asking.get(request);
    for (const other of [...this.waiting]) {
      // The host answers only the newest question of a kind.
      if (other <= request && this.asking.get(other) === what) this.waiting.delete(other);
    }
    const newest = [...this.asking].filter(([, kind]) => kind === what).at(-1)?.[0];
    return what !== undefined && newest === request ? what : undefined;
  }

  /** Asks for what the chosen view needs besides the layer. */
  private askMore(): void {
    const { inspection, state } = this;
    if (!inspection) return;
    const { example, ids } = state;
    const what = ids ? { ids } : { example };
    const key = JSON.stringify([what, inspection.step]);
    if ((state.view === 'attention' || state.view === 'memory') && this.surveyed !== key) {
      this.surveyed = key;
      this.survey = undefined;
      this.matrices = [];
      this.send({ type: 'survey', request: this.next('survey'), ...what });
    }
    if (state.view === 'attention') this.pinned.want(inspection, what);
    const filters = `${key} ${inspection.layer}`;
    if (state.view === 'kernel' && inspection.probes['kernel'] && this.filtered !== filters) {
      this.filtered = filters;
      this.filters = undefined;
      const request = this.next('filters');
      this.send({ type: 'analyse', name: 'lti_kernel', request, layer: inspection.layer, ...what });
    }
  }

  /** A request that somebody else answers for. */
  get nextRequest(): number {
    return ++this.request;
  }

  private next(kind?: 'survey' | 'filters'): number {
    this.request++;
    this.waiting.add(this.request);
    if (kind) this.asking.set(this.request, kind);
    return this.request;
  }

  private take(inspection: Inspection): void {
    this.inspection = inspection;
    this.failure = undefined;
    this.newer = undefined;
    this.scan = hasScan(inspection) ? new Recurrence(inspection) : undefined;
    const { scan } = this;
    const { window } = this.state;
    if (window) this.patch({ window: within(window, this.length) ?? null });
    if (!scan) return;
    const { channel, position } = this.state;
    if (channel !== null && channel >= scan.channels) this.patch({ channel: null });
    if (position !== null && position >= scan.length) this.patch({ position: scan.length - 1 });
  }

  /** Asks the host for what the state names. */
  ask(): void {
    const { layer, example, ids } = this.state;
    const what: InspectRequest = { ...(layer === null ? {} : { layer }), ...(ids ? { ids } : { example }) };
    this.asked = what;
    this.failure = undefined;
    this.inspecting = this.next();
    this.send({ type: 'inspect', request: this.inspecting, ...what });
    this.send({ type: 'replay' });
    this.notify();
  }

  patch(patch: Partial<ScanState>): void {
    this.state = { ...this.state, ...patch };
    this.save(this.state);
    if (
      this.asked &&
      (('layer' in patch && patch.layer !== (this.asked.layer ?? null)) ||
        'example' in patch ||
        'ids' in patch)
    )
      this.ask();
    else if ('view' in patch) this.askMore();
    this.notify();
  }

  /** Takes what was chosen in a view; the other views follow. */
  choose(pick: Pick): void {
    const { layer, channel, position, source, matrix, mode, cell, frame } = pick;
    const { order, view } = this.state;
    if (pick.pinned) {
      this.pinned.choose(pick);
      return;
    }
    const patch: Partial<ScanState> = {
      ...(layer !== undefined && view !== 'training' && layer !== this.layer ? { layer } : {}),
      ...(position === undefined ? {} : { position }),
      ...(source === undefined ? {} : { source }),
      ...(matrix === undefined ? {} : { matrix }),
      ...(mode === undefined ? {} : { mode: mode < 0 ? null : mode }),
      ...(view === 'order' && (cell !== undefined || frame !== undefined)
        ? { order: { ...order, token: cell ?? order.token, step: frame ?? order.step } }
        : {}),
      ...(view === 'training' && frame !== undefined ? { frame: this.frames[frame]?.step ?? null } : {}),
    };
    const picked = channel ?? (typeof matrix === 'number' ? this.channelOf(matrix, layer) : undefined);
    this.patch({ ...patch, ...(picked === undefined ? {} : { channel: picked }) });
  }

  /** First channel of a matrix of the layer that is shown. */
  private channelOf(matrix: number, layer: number | undefined): number | undefined {
    const { scan } = this;
    if (!scan || (layer !== undefined && layer !== this.layer)) return undefined;
    return Math.floor((matrix * scan.channels) / scan.heads);
  }

  /** The scan that the playhead follows: of a bidirectional layer the one that is chosen. */
  get active(): Recurrence | undefined {
    return (this.state.direction === 'backward' ? this.scan?.other : undefined) ?? this.scan;
  }

  /** What the memory view reads: the recurrence, or the survey where there is none, or one each way. */
  get memory(): MemorySource | undefined {
    if (this.scan && !this.scan.other) return fromScan(this.scan);
    return this.inspection && this.survey && fromSurvey(this.inspection, this.survey.surveys);
  }

  /** The channel of the filters that are shown. */
  get filterChannel(): number {
    const count = this.filters?.['kernel']?.shape[1] ?? this.inspection?.probes['kernel']?.shape[1] ?? 1;
    return Math.min(count - 1, this.state.channel ?? 0);
  }

  /** Index of the probe of training that is shown. */
  get frameIndex(): number {
    const { frame } = this.state;
    if (frame === null || this.frames.length === 0) return Math.max(0, this.frames.length - 1);
    let best = 0;
    this.frames.forEach(({ step }, k) => {
      if (Math.abs(step - frame) < Math.abs(this.frames[best]!.step - frame)) best = k;
    });
    return best;
  }

  /** The layer that the replay shows: the chosen one, or the first that was probed. */
  get frameLayer(): number {
    const layers = layersOf(this.frames);
    return layers.find(({ layer }) => layer === this.layer)?.layer ?? layers[0]?.layer ?? 0;
  }

  moveFrame(by: number): void {
    const next = Math.max(0, Math.min(this.frames.length - 1, this.frameIndex + by));
    if (this.frames.length > 0) this.patch({ frame: this.frames[next]!.step });
  }

  /** The table that is shown first. */
  get firstTable(): string {
    return this.state.view === 'sequence' ? 'delta' : '';
  }

  /** Why a view cannot be shown; undefined when it can. */
  unavailable(view: ViewName): string | undefined {
    const { inspection, scan } = this;
    const mixer = inspection?.mixer ?? '';
    if (view === 'order' || view === 'attention') return undefined;
    if (view === 'training')
      return this.frames.length > 0 ? undefined : 'This run has no probes of training (train.probe_every).';
    if (!inspection) return undefined;
    if (view === 'kernel')
      return inspection.probes['kernel']
        ? undefined
        : `${mixer} is not time-invariant: it has no fixed kernel.`;
    if (view === 'memory')
      return scan ||
        Object.keys(inspection.probes).some((name) =>
          ['kernel', 'attention', 'matrix', 'lambda'].includes(name),
        )
        ? undefined
        : `${mixer} mixes no tokens: nothing is kept between them.`;
    return scan ? undefined : `${mixer} tells no step size, decay and state.`;
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.notify();
  }

  get layer(): number {
    return this.state.layer ?? this.inspection?.layer ?? 0;
  }

  get channel(): number {
    return this.state.channel ?? this.scan?.strongest[0] ?? 0;
  }

  /** The playhead; at first where the chosen channel writes most. */
  get position(): number {
    const { scan } = this;
    if (this.state.position !== null) return Math.max(0, Math.min(this.length - 1, this.state.position));
    if (!scan) return Math.max(0, this.length - 1);
    const { max } = scan.deltaQuantiles(this.channel);
    for (let t = 0; t < scan.length; t++) if (scan.delta(t, this.channel) === max) return t;
    return 0;
  }

  rows(): RowId[] {
    return defaultRows.filter((id) => this.state.rows[id] ?? true);
  }

  get quantity(): ChannelQuantity {
    return this.state.quantity;
  }

  /** Length of the example. */
  get length(): number {
    return this.inspection?.tokens.length ?? 0;
  }

  moveTo(position: number, asked = true): void {
    const scan = this.active;
    const next = Math.max(0, Math.min(this.length - 1, position));
    this.patch({ position: next, ...this.following(next, this.state.source ?? next) });
    if (scan && this.state.view === 'sequence')
      announce(scanSummary(scan, next, this.channel), asked && !this.playing);
  }

  /** The other token, the one that is read. */
  moveSource(by: number): void {
    const from = this.state.source ?? this.position;
    const source = Math.max(0, Math.min(this.length - 1, from + by));
    this.patch({ source, ...this.following(this.position, source) });
  }

  /** The window of the matrices, moved so that it shows a cell. */
  private following(query: number, key: number): Partial<ScanState> {
    const { window, view } = this.state;
    return window && view === 'attention' ? { window: showing(window, this.length, query, key) ?? null } : {};
  }

  /** Shows `factor` times as many positions of the matrices, around a cell or the chosen one. */
  zoom(factor: number, at?: { readonly query: number; readonly key: number }): void {
    const query = this.position;
    const around = at ?? { query, key: this.state.source ?? query };
    this.patch({ window: zoomed(this.state.window, this.length, factor, around) ?? null });
  }

  /** Shows this part of the matrices. */
  show(window: Window): void {
    this.patch({ window: within(window, this.length) ?? null });
  }

  /** Moves the window of the matrices by positions. */
  pan(from: Window, queries: number, keys: number): void {
    this.patch({ window: moved(from, this.length, queries, keys) ?? null });
  }

  /** Step of the routes. */
  moveStep(by: number): void {
    const { order } = this.state;
    const last = stepsOf(order) - 1;
    this.patch({ order: { ...order, step: Math.max(0, Math.min(last, order.step + by)) } });
  }

  /** Next or previous position where the channel writes. */
  jumpToWrite(direction: 1 | -1): void {
    const writes = this.scan?.writes(this.channel) ?? [];
    const next =
      direction > 0 ? writes.find((t) => t > this.position) : writes.findLast((t) => t < this.position);
    if (next !== undefined) this.moveTo(next);
  }

  /** Another channel in the order of the menu. */
  moveChannel(by: number): void {
    const order = this.scan?.strongest ?? [];
    const at = order.indexOf(this.channel);
    const next = order[Math.max(0, Math.min(order.length - 1, at + by))];
    if (next !== undefined) this.patch({ channel: next });
  }

  moveLayer(by: number): void {
    const count = this.inspection?.layers.length ?? 1;
    const next = Math.max(0, Math.min(count - 1, this.layer + by));
    if (next !== this.layer) this.patch({ layer: next });
  }

  play(playing = !this.playing): void {
    if (this.timer !== undefined) window.clearInterval(this.timer);
    this.timer = undefined;
    this.playing = playing;
    if (!playing) {
      this.notify();
      return;
    }
    const { view } = this.state;
    const rate = view === 'order' ? CELLS_PER_SECOND : this.state.speed;
    if (this.atEnd()) this.rewind();
    this.timer = window.setInterval(() => {
      if (this.atEnd()) this.play(false);
      else if (view === 'order') this.moveStep(1);
      else if (view === 'training') this.moveFrame(1);
      else this.moveTo(this.position + this.stride, false);
    }, 1000 / rate);
    this.notify();
  }

  /** Positions from one step to the next: playing the sequence goes the way of the scan. */
  get stride(): 1 | -1 {
    return this.state.view === 'sequence' ? (this.active?.stride ?? 1) : 1;
  }

  private atEnd(): boolean {
    const { view, order } = this.state;
    if (view === 'order') return order.step >= stepsOf(order) - 1;
    if (view === 'training') return this.frameIndex >= this.frames.length - 1;
    return this.position === (this.stride > 0 ? this.length - 1 : 0);
  }

  private rewind(): void {
    const { view, order } = this.state;
    if (view === 'order') this.patch({ order: { ...order, step: 0 } });
    else if (view === 'training') this.patch({ frame: this.frames[0]?.step ?? null });
    else this.moveTo(this.stride > 0 ? 0 : this.length - 1, false);
  }

  setSpeed(by: number): void {
    const at = Math.max(0, speeds.indexOf(this.state.speed));
    this.patch({ speed: speeds[Math.max(0, Math.min(speeds.length - 1, at + by))] ?? 4 });
    if (this.playing) this.play(true);
  }

  /** The nearest layer that has a scan, for layers that have none. */
  nearestScanLayer(): number | undefined {
    const { inspection } = this;
    const with_ = (inspection?.layers ?? []).filter((layer) =>
      /mamba|s4|s5|s6|ssm|h3|hydra/i.test(layer.mixer),
    );
    return with_.sort((a, b) => Math.abs(a.index - this.layer) - Math.abs(b.index - this.layer))[0]?.index;
  }
}
