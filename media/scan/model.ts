/** @file What the Scan panel knows: the layer on the example it asked for, and the selection that survives a reload. */
import {
  scanStateSchema,
  type FromScan,
  type InspectRequest,
  type Inspection,
  type Probe,
  type ScanState,
  type Survey,
  type ToScan,
} from '../../src/protocol/view-scan';
import { firstView } from './available';
import { matricesOf, type LayerMatrices } from '../../src/figures/scan/attention/data';
import { fromScan, fromSurvey, type MemorySource } from '../../src/figures/scan/memory/source';
import { within } from '../../src/figures/scan/attention/window';
import type { Pick } from '../../src/figures/scan/figure';
import { defaultRows, type ChannelQuantity, type RowId } from '../../src/figures/scan/layout';
import { hasScan, Recurrence } from '../../src/figures/scan/recurrence';
import type { Theme } from '../../src/figures/core/theme';
import { FrameSource } from '../shared/hooks';
import { Cursor } from './cursor';
import { Picked } from './picked';
import { Pinned } from './pinned';
import { Playback } from './playback';
import { Replay } from './replay';
import { Requests, type RequestKind } from './requests';
import { Waiting } from './waiting';

export const initialState = (target: string): ScanState => scanStateSchema.parse({ version: 1, target });

export class ScanModel extends FrameSource {
  state: ScanState;
  theme!: Theme;
  name = '';
  trained = true;
  /** Changes when the inspection does. */
  inspection: Inspection | undefined;
  scan: Recurrence | undefined;
  failure: string | undefined;
  /** What could not be had while something else is shown; asked again by `retry`. */
  missed: InspectRequest | undefined;
  /** Whether the run, checkpoint or config is still there. */
  present = true;
  newer: number | true | undefined;
  /** Position that is pointed at. */
  linked: number | undefined;
  /** All layers on this example, when a view has asked for them. */
  survey: Survey | undefined;
  matrices: readonly LayerMatrices[] = [];
  /** Arrays of the kernel view, of the layer that is shown. */
  filters: Readonly<Record<string, Probe>> | undefined;
  /** The survey of the run or checkpoint that stands beside this one. */
  readonly pinned = new Pinned(this);
  readonly picked = new Picked(this);
  readonly replay = new Replay(this);
  readonly playback = new Playback(this);
  readonly cursor = new Cursor(this);
  readonly requests = new Requests();
  readonly waiting = new Waiting(this);
  private surveyed = '';
  private filtered = '';
  private asked: InspectRequest | undefined;
  /** What the inspection answers, and where the playhead was on it. */
  private shown: InspectRequest | undefined;
  private left: number | null = null;

  constructor(
    state: ScanState,
    readonly send: (message: FromScan) => void,
    private readonly save: (state: ScanState) => void,
    /** Nobody has chosen a view yet: the first answer does. */
    private undecided = false,
  ) {
    super();
    this.state = state;
  }

  get busy(): boolean {
    return this.requests.busy || this.pinned.busy || this.picked.busy;
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
        if (this.requests.done(message.request) !== 'inspect') break;
        this.take(message.inspection);
        this.askMore();
        break;
      case 'survey':
        if (this.pinned.take(message)) {
          this.picked.want();
          break;
        }
        if (this.requests.done(message.request) === 'survey') {
          this.survey = message.survey;
          this.matrices = matricesOf(message.survey);
          this.picked.want();
        }
        break;
      case 'picked':
        this.pinned.show(message);
        break;
      case 'analysis':
        if (this.picked.take(message.request, message.arrays)) break;
        if (this.requests.done(message.request) === 'filters') this.filters = message.arrays;
        break;
      case 'replay':
        this.replay.take(message);
        break;
      case 'failed': {
        if (this.pinned.failed(message) || this.picked.failed(message.request, message.message)) break;
        const what = this.requests.done(message.request);
        if (what === undefined) break;
        this.failure = message.message;
        this.giveUp(what);
        break;
      }
      case 'progress':
        this.waiting.take(message);
        break;
      case 'presence':
        this.present = message.present;
        // Brought back: what failed meanwhile works again.
        if (message.present && this.failure !== undefined) this.retry();
        break;
      case 'newer':
        this.newer = message.step ?? true;
        break;
    }
    this.notify();
  }

  /** After a question that has no answer: it is asked anew with the next try. */
  giveUp(kind: RequestKind): void {
    if (kind === 'inspect') this.goBack();
    if (kind === 'survey') this.surveyed = '';
    if (kind === 'filters') this.filtered = '';
  }

  /** What was asked for last. */
  get asking(): InspectRequest | undefined {
    return this.asked;
  }

  /** Asks for what the chosen view needs besides the layer. */
  private askMore(): void {
    const { inspection, state } = this;
    if (!inspection) return;
    const what = this.input();
    const key = JSON.stringify([what, inspection.step]);
    if ((state.view === 'attention' || state.view === 'memory') && this.surveyed !== key) {
      this.surveyed = key;
      this.survey = undefined;
      this.matrices = [];
      this.send({ type: 'survey', request: this.requests.next('survey'), ...what });
    }
    if (state.view === 'attention') this.pinned.want();
    this.picked.want();
    const filters = `${key} ${inspection.layer}`;
    if (state.view === 'kernel' && inspection.probes['kernel'] && this.filtered !== filters) {
      this.filtered = filters;
      this.filters = undefined;
      const request = this.requests.next('filters');
      this.send({ type: 'analyse', name: 'lti_kernel', request, layer: inspection.layer, ...what });
    }
  }

  /** The example or the typed tokens. */
  input(): Omit<InspectRequest, 'layer'> {
    const { example, ids } = this.state;
    return ids ? { ids } : { example };
  }

  /** The same tokens for another run, whatever its data are; vectors can only be those of the same example. */
  sameInput(): Omit<InspectRequest, 'layer'> {
    const tokens = this.inspection?.tokens ?? [];
    const ids = tokens.map(({ id }) => id).filter((id) => id !== undefined);
    return ids.length > 0 && ids.length === tokens.length ? { ids } : this.input();
  }

  private take(inspection: Inspection): void {
    this.inspection = inspection;
    this.shown = this.asked;
    this.failure = undefined;
    this.missed = undefined;
    this.newer = undefined;
    this.scan = hasScan(inspection) ? new Recurrence(inspection) : undefined;
    if (this.undecided) this.patch({ view: firstView(this) });
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
    const { layer } = this.state;
    const what: InspectRequest = { ...(layer === null ? {} : { layer }), ...this.input() };
    this.asked = what;
    this.failure = undefined;
    this.waiting.cancelled = false;
    this.send({ type: 'inspect', request: this.requests.next('inspect'), ...what });
    this.send({ type: 'replay' });
    this.notify();
  }

  /** After a question without an answer: the state says again what is shown, and nothing of it is lost. */
  private goBack(): void {
    const { shown } = this;
    if (!shown) return;
    this.missed = this.asked;
    this.asked = shown;
    this.state = { ...this.state, ...placeOf(shown), position: this.left };
    this.save(this.state);
  }

  /** Asks again for what could not be had. */
  retry(): void {
    const { missed } = this;
    this.missed = undefined;
    this.pinned.again();
    this.picked.again();
    if (missed) this.patch(placeOf(missed));
    else this.ask();
  }

  patch(patch: Partial<ScanState>): void {
    if (this.asked === this.shown) this.left = this.state.position;
    this.state = { ...this.state, ...patch };
    this.save(this.state);
    if ('view' in patch) this.undecided = false;
    if (
      this.asked &&
      (('layer' in patch && patch.layer !== (this.asked.layer ?? null)) ||
        'example' in patch ||
        'ids' in patch)
    )
      this.ask();
    else if ('view' in patch) this.askMore();
    else this.picked.want();
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
      ...(view === 'training' && frame !== undefined
        ? { frame: this.replay.frames[frame]?.step ?? null }
        : {}),
    };
    const picked = channel ?? (typeof matrix === 'number' ? this.channelOf(matrix, layer) : undefined);
    this.patch({
      ...patch,
      ...(picked === undefined ? {} : { channel: picked }),
      ...(channel !== undefined && matrix === undefined
        ? { matrix: this.scan?.headOf(channel) ?? channel }
        : {}),
    });
  }

  /** A channel, in every view: its matrix is the one that it shares with its head. */
  chooseChannel(channel: number): void {
    this.patch({ channel, matrix: this.scan?.headOf(channel) ?? channel });
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
    return this.inspection && this.survey && fromSurvey(this.inspection, this.survey.surveys, this.scan);
  }

  /** The channel of the filters that are shown. */
  get filterChannel(): number {
    const count = this.filters?.['kernel']?.shape[1] ?? this.inspection?.probes['kernel']?.shape[1] ?? 1;
    return Math.min(count - 1, this.state.channel ?? 0);
  }

  /** The table that is shown first. */
  get firstTable(): string {
    return this.state.view === 'sequence' ? 'delta' : '';
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
}

const placeOf = ({ layer, example, ids }: InspectRequest): Partial<ScanState> => ({
  layer: layer ?? null,
  ids: ids ?? null,
  ...(example === undefined ? {} : { example }),
});
