/** @file What the Scan panel knows: the layer on the example it asked for, and the selection that survives a reload. */
import type { FromScan, InspectRequest, Inspection, ScanState, ToScan } from '../../src/protocol/view-scan';
import { defaultRows, type ChannelQuantity, type RowId } from '../../src/figures/scan/layout';
import { hasScan, Recurrence } from '../../src/figures/scan/recurrence';
import { scanSummary } from '../../src/figures/scan/step';
import type { Theme } from '../../src/figures/core/theme';
import { announce } from '../shared/announce';
import { FrameSource } from '../shared/hooks';

export const speeds = [1, 2, 4, 8, 16];

export const initialState = (target: string): ScanState => ({
  version: 1,
  target,
  layer: null,
  example: 0,
  ids: null,
  channel: null,
  position: null,
  speed: 4,
  quantity: 'output',
  zoom: null,
  rows: {},
  table: null,
});

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
  private request = 0;
  private answered = 0;
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
    return this.answered < this.request;
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
        this.ask();
        break;
      case 'inspection':
        if (message.request === this.request) this.take(message.inspection);
        this.answered = Math.max(this.answered, message.request);
        break;
      case 'failed':
        if (message.request === this.request) this.failure = message.message;
        this.answered = Math.max(this.answered, message.request);
        break;
      case 'newer':
        this.newer = message.step ?? true;
        break;
    }
    this.notify();
  }

  private take(inspection: Inspection): void {
    this.inspection = inspection;
    this.failure = undefined;
    this.newer = undefined;
    this.scan = hasScan(inspection) ? new Recurrence(inspection) : undefined;
    const { scan } = this;
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
    this.request++;
    this.failure = undefined;
    this.send({ type: 'inspect', request: this.request, ...what });
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
    this.notify();
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
    if (!scan) return 0;
    if (this.state.position !== null) return Math.min(scan.length - 1, this.state.position);
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

  moveTo(position: number, asked = true): void {
    const { scan } = this;
    if (!scan) return;
    const next = Math.max(0, Math.min(scan.length - 1, position));
    this.patch({ position: next });
    announce(scanSummary(scan, next, this.channel), asked && !this.playing);
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
    if (playing && this.scan) {
      if (this.position >= this.scan.length - 1) this.moveTo(0, false);
      this.timer = window.setInterval(() => {
        if (!this.scan || this.position >= this.scan.length - 1) this.play(false);
        else this.moveTo(this.position + 1, false);
      }, 1000 / this.state.speed);
    }
    this.notify();
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
