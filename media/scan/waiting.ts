/** @file What the panel waits for, in words, and what becomes of it when the user ends it. */
import { fixed } from '../../src/figures/core/format';
import type { InspectRequest } from '../../src/protocol/view-scan';
import type { ScanModel } from './model';

export class Waiting {
  /** Whether what was asked for last was ended by the user. */
  cancelled = false;
  /** How much of an answer has come. */
  private received: { readonly request: number; readonly bytes: number } | undefined;

  constructor(private readonly model: ScanModel) {}

  take(received: { readonly request: number; readonly bytes: number }): void {
    this.received = received;
  }

  get text(): string {
    const { requests, pinned, picked, asking, state } = this.model;
    if (this.received && requests.waitsFor(this.received.request))
      return `Reading the answer, ${fixed(this.received.bytes / 1e6, 1)} MB so far`;
    if (requests.kinds.has('inspect')) {
      const { layer } = asking ?? {};
      return `Opening the model and running ${layer === undefined ? 'it' : `layers.${layer}`} on ${inputName(asking)}`;
    }
    if (requests.kinds.has('survey')) return `Running all layers on ${inputName(asking)}`;
    if (requests.kinds.has('filters')) return `Computing the kernels of layers.${this.model.layer}`;
    if (pinned.busy) return `Running ${state.pin?.name ?? ''} on the same tokens`;
    return picked.busy ? 'Computing the chosen matrix' : '';
  }

  /** Ends whatever is being computed; what is shown stays. */
  cancel(): void {
    const { model } = this;
    model.send({ type: 'cancel' });
    for (const kind of model.requests.cancel()) model.giveUp(kind);
    model.pinned.cancel();
    model.picked.cancel();
    this.cancelled = true;
    model.notify();
  }
}

/** `example 3`. */
const inputName = ({ example, ids }: InspectRequest = {}): string =>
  ids ? `${ids.length} typed tokens` : `example ${example ?? 0}`;

/** `layers.1 on example 3`. */
export const nameOf = (request: InspectRequest): string =>
  `${request.layer === undefined ? 'the layer' : `layers.${request.layer}`} on ${inputName(request)}`;
