/**
 * @file Matrices that the survey does not hold: any channel or head that the user names, of this run or of the one beside
 * it, and exact ones where the survey has tiles. Each is asked for alone.
 */
import type { LayerMatrices, NamedMatrix } from '../../src/figures/scan/attention/data';
import { withExact } from '../../src/figures/scan/attention/exact';
import type { Probe } from '../../src/protocol/view-scan';
import type { ScanModel } from './model';

/** Tokens up to which a matrix is asked for as a whole. */
export const WHOLE = 512;
/** Matrices that are kept. */
const KEEP = 16;

interface Wanted {
  /** Run or checkpoint; null is the one that is shown. */
  readonly target: string | null;
  readonly layer: LayerMatrices;
  /** Channel or head; null for the mean. */
  readonly index: number | null;
}

export class Picked {
  /** Changes with what has come. */
  version = 0;
  private readonly found = new Map<string, NamedMatrix | string>();
  private readonly waiting = new Map<number, { readonly key: string; readonly wanted: Wanted }>();

  constructor(private readonly model: ScanModel) {}

  get busy(): boolean {
    return this.waiting.size > 0;
  }

  /** Asks for what is chosen and not there. */
  want(): void {
    for (const wanted of this.wanted()) {
      const key = this.keyOf(wanted);
      if (this.found.has(key) || [...this.waiting.values()].some((one) => one.key === key)) continue;
      const { target, layer, index } = wanted;
      // The host answers only the newest question about a run.
      for (const [request, old] of this.waiting)
        if (old.wanted.target === target) this.waiting.delete(request);
      const request = this.model.requests.other;
      this.waiting.set(request, { key, wanted });
      this.model.send({
        type: 'analyse',
        request,
        name: index === null ? 'hidden_attention_mean' : 'hidden_attention',
        layer: layer.layer,
        ...(target === null ? {} : { target }),
        ...(index === null ? {} : { channel: index }),
        ...this.inputOf(target),
      });
    }
  }

  /** Whether the answer was ours. */
  take(request: number, arrays: Readonly<Record<string, Probe>>): boolean {
    const asked = this.waiting.get(request);
    if (!asked) return false;
    const { layer, index } = asked.wanted;
    const probe = arrays[index === null ? 'hidden_attention_mean' : 'hidden_attention'];
    this.end(request, probe ? matrixOf(layer, index, probe) : 'The answer holds no matrix.');
    return true;
  }

  /** Whether the failure was ours. */
  failed(request: number, message: string): boolean {
    return this.waiting.has(request) && this.end(request, message);
  }

  /** Gives up the answers. */
  cancel(): void {
    for (const request of [...this.waiting.keys()]) this.end(request, 'Cancelled.');
  }

  /** What failed is asked for again with the next `want`. */
  again(): void {
    for (const [key, found] of [...this.found]) if (typeof found === 'string') this.found.delete(key);
  }

  /** Why the chosen matrix of a run is not there. */
  failureOf(target: string | null): string | undefined {
    for (const wanted of this.wanted()) {
      const found = this.found.get(this.keyOf(wanted));
      if (wanted.target === target && typeof found === 'string') return found;
    }
    return undefined;
  }

  /** The layers of a run with what has come for them. */
  with(layers: readonly LayerMatrices[], target: string | null): readonly LayerMatrices[] {
    return this.wanted().reduce((all, wanted) => {
      const found = this.found.get(this.keyOf(wanted));
      return wanted.target !== target || found === undefined || typeof found === 'string'
        ? all
        : all.map((layer) => (layer.layer === wanted.layer.layer ? withExact(layer, found) : layer));
    }, layers);
  }

  private end(request: number, found: NamedMatrix | string): boolean {
    this.found.set(this.waiting.get(request)!.key, found);
    this.waiting.delete(request);
    this.version++;
    for (const old of this.found.keys()) if (this.found.size > KEEP) this.found.delete(old);
    return true;
  }

  private *candidates(): Generator<Wanted> {
    const { state, matrices, pinned } = this.model;
    const own = matrices.find(({ layer }) => layer === this.model.layer);
    if (own) yield { target: null, layer: own, index: state.matrix };
    const { pin } = state;
    const wanted = pin?.follows ? own?.layer : pin?.layer;
    const layer = pin && pinned.matrices?.find((one) => one.layer === wanted);
    if (layer) yield { target: pin.target, layer, index: pin.follows ? state.matrix : pin.matrix };
  }

  private wanted(): Wanted[] {
    const { state, length } = this.model;
    if (state.view !== 'attention' || state.measure !== 'entries' || length > WHOLE) return [];
    return [...this.candidates()].filter(({ target, layer, index }) => {
      if (index !== null && index >= layer.count) return false;
      const known = index === null || layer.strongest.some((one) => one.index === index);
      // What lies in tiles is known exactly of the layer that is shown, from its probes.
      return !known || (target !== null && layer.mean.edges !== undefined);
    });
  }

  private inputOf(target: string | null): ReturnType<ScanModel['input']> {
    return target === null ? this.model.input() : this.model.sameInput();
  }

  private keyOf({ target, layer, index }: Wanted): string {
    const { inspection } = this.model;
    return JSON.stringify([target, layer.layer, index, this.inputOf(target), inspection?.step]);
  }
}

function matrixOf(layer: LayerMatrices, index: number | null, probe: Probe): NamedMatrix {
  const size = probe.shape.at(-1)!;
  let max = 0;
  for (const value of probe.data) max = Math.max(max, Math.abs(value));
  return {
    size,
    data: probe.data,
    signed: probe.sign === 'signed',
    causal: layer.mean.causal,
    index,
    name: index === null ? layer.mean.name : `${layer.axis} ${index}`,
    max,
  };
}
