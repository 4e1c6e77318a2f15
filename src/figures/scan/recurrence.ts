/**
 * @file One layer's scan on one example, by time, channel and state: h ← kept · h + Δ · x · B,  y = h · C + D · x,
 * output = y · gate. Hides whether a quantity is kept per channel (Mamba), per head or per group (Mamba-2), and which
 * way a scan of a bidirectional layer (Hydra) goes.
 */
import type { Inspection, Probe } from '../../protocol/view-scan';

const needed = ['delta', 'A', 'B', 'C', 'x', 'y'];

/** Whether the layer has a recurrence with these numbers. */
export const hasScan = ({ probes }: Inspection): boolean =>
  needed.every((name) => probes[name] ?? (probes[`${name}_forward`] && probes[`${name}_backward`]));

/** Which way a scan reads. */
export type Direction = 'forward' | 'backward';

/** What makes up y of a bidirectional layer at a token. */
export interface Parts {
  /** Read from the scan that comes from the left, and from the right; neither holds the token itself. */
  readonly left: number;
  readonly right: number;
  /** The token by itself: the diagonal times x. */
  readonly own: number;
}

type Access = (t: number, channel: number, n: number) => number;

export class Recurrence {
  readonly length: number;
  readonly channels: number;
  readonly states: number;
  /** Heads that share one decay; equal to `channels` for Mamba. */
  readonly heads: number;
  readonly groups: number;
  /** Every state of a channel decays alike. */
  readonly scalarDecay: boolean;
  readonly delta: (t: number, channel: number) => number;
  readonly kept: Access;
  readonly B: Access;
  readonly C: Access;
  readonly h: Access;
  readonly x: (t: number, channel: number) => number;
  readonly y: (t: number, channel: number) => number;
  readonly gate: (t: number, channel: number) => number;
  readonly norm: (t: number, channel: number) => number;
  private readonly decay: (channel: number, n: number) => number | undefined;

  /** The scan the other way, of a bidirectional layer. */
  readonly other: Recurrence | undefined;
  /** Positions from one step to the next. */
  readonly stride: 1 | -1;

  constructor(
    readonly inspection: Inspection,
    readonly direction: Direction = 'forward',
    other?: Recurrence,
  ) {
    this.stride = direction === 'forward' ? 1 : -1;
    const twoWay = inspection.probes['delta_backward'] !== undefined;
    this.other = other ?? (twoWay ? new Recurrence(inspection, 'backward', this) : undefined);
    const x = this.probe('x');
    this.length = extent(x, 'time');
    this.channels = extent(x, 'channel');
    this.states = extent(this.probe('B'), 'state');
    const delta = this.probe('delta');
    this.heads = delta.axes.includes('head') ? extent(delta, 'head') : this.channels;
    const B = this.probe('B');
    this.groups = B.axes.includes('group') ? extent(B, 'group') : 1;
    this.scalarDecay = !this.probe('A').axes.includes('state');
    const at = (name: string): Access => this.access(this.probe(name));
    const two = (name: string): ((t: number, channel: number) => number) => {
      const read = at(name);
      return (t, channel) => read(t, channel, 0);
    };
    this.delta = two('delta');
    const rate = at('A');
    this.kept = this.find('A_bar')
      ? at('A_bar')
      : (t, channel, n) => Math.exp(this.delta(t, channel) * rate(0, channel, n));
    this.B = at('B');
    this.C = at('C');
    // Large layers come without their states: those of one channel follow from the rest.
    this.h = this.find('state')
      ? at('state')
      : (t, channel, n) => this.statesOf(channel)[t * this.states + n]!;
    this.x = two('x');
    this.y = two('y');
    this.gate = this.find('gate') ? two('gate') : () => 1;
    this.norm = this.find('state_norm') ? two('state_norm') : (t, channel) => this.measuredNorm(t, channel);
    const A = this.find('A');
    const readA = A ? this.access(A) : undefined;
    this.decay = (channel, n) => readA?.(0, channel, n);
  }

  /** States of one channel (time, state), by the recurrence. */
  private statesOf(channel: number): Float64Array {
    return this.once(`states ${channel}`, () => {
      const h = new Float64Array(this.length * this.states);
      for (let t: number | undefined = this.first; t !== undefined; t = this.next(t)) {
        const write = this.delta(t, channel) * this.x(t, channel);
        const from = this.before(t);
        for (let n = 0; n < this.states; n++) {
          const before = from === undefined ? this.start(channel, n) : h[from * this.states + n]!;
          h[t * this.states + n] = this.kept(t, channel, n) * before + write * this.B(t, channel, n);
        }
      }
      return h;
    });
  }

  /** What the state is before the first step: zero unless it is learned. */
  private start(channel: number, n: number): number {
    const learned = this.inspection.probes['initial_state'];
    return learned ? learned.data[channel * this.states + n]! : 0;
  }

  /** The position of the first step. */
  get first(): number {
    return this.stride > 0 ? 0 : this.length - 1;
  }

  /** The position of the last step. */
  get last(): number {
    return this.length - 1 - this.first;
  }

  /** Number of the step that reads a position, and the position of a step. */
  stepAt(t: number): number {
    return Math.abs(t - this.first);
  }

  /** The position of the step before; undefined at the first. */
  before(t: number): number | undefined {
    return t === this.first ? undefined : t - this.stride;
  }

  /** The position of the step behind; undefined at the last. */
  next(t: number): number | undefined {
    return t === this.last ? undefined : t + this.stride;
  }

  /** Positions of all later steps, in their order. */
  later(t: number): number[] {
    return Array.from({ length: Math.abs(this.last - t) }, (_, k) => t + this.stride * (k + 1));
  }

  /** What y of a bidirectional layer is made of; undefined for the others. */
  parts(t: number, channel: number): Parts | undefined {
    const diagonal = this.inspection.probes['diagonal'];
    if (!this.other || !diagonal) return undefined;
    const [ahead, back] = this.stride > 0 ? [this, this.other] : [this.other, this];
    // Both scans are shifted by a step, so that neither holds the token itself.
    return {
      left: t > 0 ? ahead.read(t - 1, channel) : 0,
      right: t < this.length - 1 ? back.read(t + 1, channel) : 0,
      own: diagonal.data[t * this.heads + this.headOf(channel)]! * this.x(t, channel),
    };
  }

  get hasGate(): boolean {
    return this.inspection.probes['gate'] !== undefined;
  }

  private find(name: string): Probe | undefined {
    const { probes } = this.inspection;
    return probes[`${name}_${this.direction}`] ?? probes[name];
  }

  private probe(name: string): Probe {
    const probe = this.find(name);
    if (!probe) throw new Error(`The layer has no probe ${name}.`);
    return probe;
  }

  headOf(channel: number): number {
    return this.heads === this.channels ? channel : Math.floor((channel * this.heads) / this.channels);
  }

  /** Reads a probe by time, channel and state, whichever of its axes it has. */
  private access(probe: Probe): Access {
    const strides = { time: 0, channel: 0, head: 0, group: 0, state: 0 };
    let stride = 1;
    for (let axis = probe.shape.length - 1; axis >= 0; axis--) {
      const name = probe.axes[axis] as keyof typeof strides;
      if (name in strides) strides[name] = stride;
      stride *= probe.shape[axis] ?? 1;
    }
    const { data } = probe;
    const heads = this.heads ?? 1;
    const groups = this.groups ?? 1;
    if (strides.head === 0 && strides.group === 0) {
      return (t, channel, n) =>
        data[t * strides.time + channel * strides.channel + n * strides.state] as number;
    }
    return (t, channel, n) => {
      const head = Math.floor((channel * heads) / this.channels);
      const group = Math.floor((head * groups) / heads);
      return data[
        t * strides.time +
          head * strides.head +
          group * strides.group +
          channel * strides.channel +
          n * strides.state
      ] as number;
    };
  }

  private measuredNorm(t: number, channel: number): number {
    let sum = 0;
    for (let n = 0; n < this.states; n++) sum += this.h(t, channel, n) ** 2;
    return Math.sqrt(sum);
  }

  output(t: number, channel: number): number {
    return this.y(t, channel) * this.gate(t, channel);
  }

  /** Σₙ C·h of this step. */
  read(t: number, channel: number): number {
    let sum = 0;
    for (let n = 0; n < this.states; n++) sum += this.C(t, channel, n) * this.h(t, channel, n);
    return sum;
  }

  /** What the later of two steps could read of what the earlier one writes: C·B. */
  match(t: number, s: number, channel: number): number {
    const [reader, writer] = this.stepAt(t) >= this.stepAt(s) ? [t, s] : [s, t];
    let sum = 0;
    for (let n = 0; n < this.states; n++) sum += this.C(reader, channel, n) * this.B(writer, channel, n);
    return sum;
  }

  /** Share of a write at t that is left after a later step u, in state n. */
  left(t: number, u: number, channel: number, n: number): number {
    let product = 1;
    for (let k = t; k !== u;) {
      k += this.stride;
      product *= this.kept(k, channel, n);
    }
    return product;
  }

  /** States of a channel, slowest first. */
  statesByDecay(channel: number): number[] {
    const order = Array.from({ length: this.states }, (_, n) => n);
    if (this.scalarDecay) return order;
    const speed = order.map((n) => -(this.decay(channel, n) ?? -this.meanLoss(channel, n)));
    return order.sort((a, b) => speed[a]! - speed[b]! || a - b);
  }

  private meanLoss(channel: number, n: number): number {
    let sum = 0;
    for (let t = 0; t < this.length; t++) sum += 1 - this.kept(t, channel, n);
    return sum / this.length;
  }

  /** Tokens until half of the slowest state is gone, at the mean step size. */
  halfLife(channel: number): number {
    let slowest = 0;
    for (let n = 0; n < (this.scalarDecay ? 1 : this.states); n++) {
      let log = 0;
      for (let t = 0; t < this.length; t++) log += Math.log(Math.max(1e-30, this.kept(t, channel, n)));
      const mean = log / this.length;
      slowest = Math.max(slowest, mean === 0 ? Infinity : Math.LN2 / -mean);
    }
    return slowest;
  }

  private cache = new Map<string, unknown>();
  private once<T>(key: string, make: () => T): T {
    if (!this.cache.has(key)) this.cache.set(key, make());
    return this.cache.get(key) as T;
  }

  /** Channels by the size of their output on this example, strongest first. */
  get strongest(): readonly number[] {
    return this.once('strongest', () => {
      const power = Array.from({ length: this.channels }, (_, channel) => {
        let sum = 0;
        for (let t = 0; t < this.length; t++) sum += this.output(t, channel) ** 2;
        return sum;
      });
      return power.map((_, channel) => channel).sort((a, b) => power[b]! - power[a]! || a - b);
    });
  }

  /** Channels by half-life, longest memory first. */
  get byMemory(): readonly number[] {
    return this.once('memory', () => {
      const life = Array.from({ length: this.channels }, (_, channel) => this.halfLife(channel));
      return life.map((_, channel) => channel).sort((a, b) => life[b]! - life[a]! || a - b);
    });
  }

  /** 10th, 50th and 90th percentile of Δ over the channels, per position. */
  get deltaSpread(): readonly (readonly [number, number, number])[] {
    return this.once('spread', () =>
      Array.from({ length: this.length }, (_, t) => {
        const count = this.heads;
        const step = this.channels / count;
        const values = Float64Array.from({ length: count }, (_, k) =>
          this.delta(t, Math.floor(k * step)),
        ).sort();
        const at = (share: number): number => values[Math.round(share * (count - 1))] as number;
        return [at(0.1), at(0.5), at(0.9)] as const;
      }),
    );
  }

  /** Median of Δ of a channel over the sequence, and the value below which 95 % lie. */
  deltaQuantiles(channel: number): { median: number; high: number; max: number } {
    return this.once(`quantiles ${channel}`, () => {
      const values = Float64Array.from({ length: this.length }, (_, t) => this.delta(t, channel)).sort();
      const at = (share: number): number => values[Math.round(share * (values.length - 1))] as number;
      return { median: at(0.5), high: at(0.95), max: at(1) };
    });
  }

  /** Positions where Δ is large for this channel: what it writes. */
  writes(channel: number): number[] {
    const { high, median } = this.deltaQuantiles(channel);
    const positions: number[] = [];
    for (let t = 0; t < this.length; t++) {
      const value = this.delta(t, channel);
      if (value >= high && value > 2 * median) positions.push(t);
    }
    return positions;
  }

  /** Something computed from this example once, such as a painted heat map. */
  keep<T>(key: string, make: () => T): T {
    return this.once(`keep ${key}`, make);
  }
}

function extent(probe: Probe, axis: string): number {
  return probe.shape[probe.axes.indexOf(axis)] ?? 1;
}
