/** @file The probes of training that the run has, and the one that is shown. */
import { layersOf } from '../../src/figures/scan/training/film';
import type { Frame, ToScan } from '../../src/protocol/view-scan';
import type { ScanModel } from './model';

export class Replay {
  frames: readonly Frame[] = [];
  tokens: readonly string[] = [];
  losses: readonly (readonly [number, number])[] = [];

  constructor(private readonly model: ScanModel) {}

  take({ frames, tokens, losses }: Extract<ToScan, { type: 'replay' }>): void {
    this.frames = frames;
    this.tokens = tokens;
    this.losses = losses;
  }

  /** Index of the probe that is shown: the one nearest to the chosen step, or the last. */
  get index(): number {
    const { frame } = this.model.state;
    if (frame === null || this.frames.length === 0) return Math.max(0, this.frames.length - 1);
    let best = 0;
    this.frames.forEach(({ step }, k) => {
      if (Math.abs(step - frame) < Math.abs(this.frames[best]!.step - frame)) best = k;
    });
    return best;
  }

  /** The layer that the replay shows: the chosen one, or the first that was probed. */
  get layer(): number {
    const layers = layersOf(this.frames);
    return layers.find(({ layer }) => layer === this.model.layer)?.layer ?? layers[0]?.layer ?? 0;
  }

  move(by: number): void {
    const next = Math.max(0, Math.min(this.frames.length - 1, this.index + by));
    if (this.frames.length > 0) this.model.patch({ frame: this.frames[next]!.step });
  }
}
